package runner

import (
	"bytes"
	"sync"
	"time"
	"unicode/utf8"

	"conway/internal/oncall"
)

// The limits of a run's output. A screen shows some fifty lines at a time; a
// batch beyond these figures keeps its newest lines and counts the others.
const (
	maxLine       = 64 << 10
	maxBatchLines = 1000
	maxBatchBytes = 256 << 10
)

// capture turns the bytes of two streams into lines, in the order they came.
type capture struct {
	now func() time.Time
	// dirty gets a token when there is something to flush.
	dirty chan struct{}

	mu      sync.Mutex
	streams [2]stream
	batch   []oncall.OutputLine
	size    int
	dropped int
	kept    transcript
	shut    bool
}

// stream is the unfinished line of one of the step's outputs.
type stream struct {
	stderr bool
	buf    []byte
	cut    int
	// returned is true after a carriage return: what follows overwrites.
	returned bool
	// shown is the part of the line that was emitted as partial.
	shown string
}

func newCapture(now func() time.Time) *capture {
	c := &capture{now: now, dirty: make(chan struct{}, 1)}
	c.streams[1].stderr = true
	return c
}

// write takes the next bytes of a stream. After shut they are thrown away.
func (c *capture) write(n int, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut || len(b) == 0 {
		return
	}
	s, at := &c.streams[n], c.now()
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			s.add(b)
			break
		}
		s.add(b[:i])
		c.line(s, at)
		b = b[i+1:]
	}
	select {
	case c.dirty <- struct{}{}:
	default:
	}
}

// add appends to the unfinished line. A carriage return that is not part of a
// line's end starts it anew, so a progress bar is its last state.
func (s *stream) add(b []byte) {
	for len(b) > 0 {
		if b[0] == '\r' {
			s.returned = true
			b = b[1:]
			continue
		}
		if s.returned {
			s.buf, s.cut, s.returned = s.buf[:0], 0, false
		}
		part := b
		if i := bytes.IndexByte(b, '\r'); i >= 0 {
			part = b[:i]
		}
		b = b[len(part):]
		room := min(len(part), maxLine-len(s.buf))
		s.buf = append(s.buf, part[:room]...)
		s.cut += len(part) - room
	}
}

// text returns the unfinished line up to its last whole character if it was cut
// or is still growing.
func (s *stream) text(final bool) (string, int) {
	b := s.buf
	if !final || s.cut > 0 {
		b = b[:len(b)-tornRune(b)]
	}
	return string(b), s.cut + len(s.buf) - len(b)
}

// tornRune returns how many bytes at the end start a character that is not
// complete.
func tornRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// line finishes a stream's line.
func (c *capture) line(s *stream, at time.Time) {
	text, cut := s.text(true)
	l := oncall.OutputLine{At: at, Stderr: s.stderr, Text: text, Cut: cut}
	s.buf, s.cut, s.returned, s.shown = s.buf[:0], 0, false, ""
	c.kept.add(l)
	c.batch = append(c.batch, l)
	c.size += len(text)
	for len(c.batch) > maxBatchLines || (c.size > maxBatchBytes && len(c.batch) > 1) {
		// Half at once: one at a time would copy the batch for every line.
		n := max(1, len(c.batch)/2)
		for _, old := range c.batch[:n] {
			c.size -= len(old.Text)
		}
		c.batch = append(c.batch[:0], c.batch[n:]...)
		c.dropped += n
	}
}

// flush returns what came since the last flush. A line that has no end yet, such
// as a prompt, comes as partial.
func (c *capture) flush() ([]oncall.OutputLine, oncall.Dropped) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.batch
	for i := range c.streams {
		s := &c.streams[i]
		text, _ := s.text(false)
		if text == "" || text == s.shown {
			continue
		}
		s.shown = text
		out = append(out, oncall.OutputLine{At: c.now(), Stderr: s.stderr, Text: text, Partial: true})
	}
	d := dropped(c.dropped, "the step prints faster than a screen can show")
	c.batch, c.size, c.dropped = nil, 0, 0
	return out, d
}

// finish ends the unfinished lines and stops taking more.
func (c *capture) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return
	}
	c.shut = true
	for i := range c.streams {
		if s := &c.streams[i]; len(s.buf) > 0 {
			c.line(s, c.now())
		}
		c.streams[i].buf = nil
	}
}

func dropped(n int, reason string) oncall.Dropped {
	if n == 0 {
		return oncall.Dropped{Exact: true}
	}
	return oncall.Dropped{Count: n, Exact: true, Reason: reason}
}

// transcript returns what is kept: whole lines, and at the end the last one.
func (c *capture) transcript() Transcript {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.get()
}

func (c *capture) keptSize() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.size()
}

// forget drops the kept lines and counts them.
func (c *capture) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = transcript{missing: c.kept.missing + len(c.kept.head) + len(c.kept.tail) - c.kept.from}
}
