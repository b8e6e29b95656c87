package envelope

import (
	"fmt"
	"sync"
)

// What is kept of a child's standard error: its beginning, where the runtime
// says what went wrong, and its end.
const (
	maxHead = 96 << 10
	maxTail = 64 << 10
)

// capture keeps the head and the tail of what is written to it.
type capture struct {
	mu      sync.Mutex
	head    []byte
	tail    []byte
	dropped int
}

// Write never fails, so that the child is never stopped by it.
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	room := min(maxHead-len(c.head), len(p))
	c.head = append(c.head, p[:room]...)
	c.tail = append(c.tail, p[room:]...)
	if over := len(c.tail) - maxTail; over > 0 {
		c.dropped += over
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
	return n, nil
}

// String returns what was kept, and says what was not.
func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped == 0 {
		return string(c.head) + string(c.tail)
	}
	return fmt.Sprintf("%s\n[%d bytes are left out here]\n%s", c.head, c.dropped, c.tail)
}

// maxLogLines is how many lines of the log a crash file holds.
const maxLogLines = 100

// lines keeps the last lines.
type lines []string

func (l *lines) add(s string) {
	if len(*l) >= maxLogLines {
		*l = append((*l)[:0], (*l)[1:]...)
	}
	*l = append(*l, s)
}
