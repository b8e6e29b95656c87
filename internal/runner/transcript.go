package runner

import "conway/internal/oncall"

// A run keeps 8 MiB of what it printed: how it began, because that says what was
// tried, and how it ended, because that says what came of it.
const (
	maxHead = 1 << 20
	maxTail = 7 << 20
	// lineCost is what a line takes besides its text, so that a flood of empty
	// lines is bounded too.
	lineCost = 80
)

// Transcript is what a run printed, as far as it is kept.
type Transcript struct {
	Lines []oncall.OutputLine
	// Dropped counts the lines that are missing before Lines[Gap].
	Dropped oncall.Dropped
	Gap     int
}

// transcript keeps the first and the last lines. Its zero value is empty.
type transcript struct {
	head     []oncall.OutputLine
	headSize int
	// tail is a queue whose first live line is tail[from].
	tail     []oncall.OutputLine
	from     int
	tailSize int
	missing  int
}

func cost(l oncall.OutputLine) int { return len(l.Text) + lineCost }

func (t *transcript) add(l oncall.OutputLine) {
	if len(t.tail) == 0 && t.headSize+cost(l) <= maxHead {
		t.head = append(t.head, l)
		t.headSize += cost(l)
		return
	}
	t.tail = append(t.tail, l)
	t.tailSize += cost(l)
	for t.tailSize > maxTail {
		t.tailSize -= cost(t.tail[t.from])
		t.tail[t.from] = oncall.OutputLine{}
		t.from++
		t.missing++
	}
	if t.from > len(t.tail)/2 {
		n := copy(t.tail, t.tail[t.from:])
		clear(t.tail[n:])
		t.tail, t.from = t.tail[:n], 0
	}
}

func (t *transcript) size() int { return t.headSize + t.tailSize }

func (t *transcript) get() Transcript {
	lines := make([]oncall.OutputLine, 0, len(t.head)+len(t.tail)-t.from)
	lines = append(append(lines, t.head...), t.tail[t.from:]...)
	return Transcript{
		Lines: lines, Gap: len(t.head),
		Dropped: dropped(t.missing, "a run keeps 8 MiB of its output"),
	}
}
