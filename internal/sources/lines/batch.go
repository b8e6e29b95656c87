package lines

import (
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// MaxBatch bounds the lines of one event, so that whoever takes it can draw in
// between.
const MaxBatch = 8192

// Batch collects log lines and emits them as events of at most MaxBatch. It is
// not safe for concurrent use.
type Batch struct {
	source string
	now    func() time.Time
	emit   sources.Emit
	lines  []oncall.LogLine
	gap    oncall.Dropped
	// texts are what the lines are parts of.
	texts []string
	// spare are lists that came back and can be filled anew.
	spare chan []oncall.LogLine
	// last is the size of the event before, the best guess for the next one's.
	last int
	// emitted is true once anything was.
	emitted bool
}

// spares is how many lists of lines are kept for later events: one comes back while
// the next is being filled. freeLines is from how many lines on that is worth it,
// because only a flood makes garbage that matters.
const (
	spares    = 1
	freeLines = 256
)

// NewBatch returns a batch of the named source's lines. Events are stamped with
// now's time.
func NewBatch(source string, now func() time.Time, emit sources.Emit) *Batch {
	return &Batch{source: source, now: now, emit: emit, spare: make(chan []oncall.LogLine, spares)}
}

// Add parses one line and adds it. Lines without a time of their own get read.
func (b *Batch) Add(raw, origin string, cut bool, read time.Time) {
	b.PutFrom(oncall.ParseLine(raw, read), origin, cut)
}

// Text tells what the next lines are parts of.
func (b *Batch) Text(text string) { b.texts = append(b.texts, text) }

// PutFrom adds one parsed line.
func (b *Batch) PutFrom(l oncall.LogLine, origin string, cut bool) {
	l.Source, l.Origin, l.Cut = b.source, origin, cut
	if b.lines == nil {
		b.lines = b.list(min(MaxBatch, b.last+b.last/4+1))
	}
	b.lines = append(b.lines, l)
	if len(b.lines) >= MaxBatch {
		b.Flush()
	}
}

// list returns an empty list with room for n lines.
func (b *Batch) list(n int) []oncall.LogLine {
	select {
	case l := <-b.spare:
		// One that would grow makes more garbage than a new one, and after a flood one
		// that is much too large is let go.
		if n <= cap(l) && cap(l) <= 4*n {
			return l
		}
	default:
	}
	return make([]oncall.LogLine, 0, n)
}

// free returns what takes a list back.
func (b *Batch) free(l []oncall.LogLine) func() {
	if cap(l) < freeLines {
		return nil
	}
	return func() {
		clear(l) // nothing has to be found through it meanwhile, nor is kept by it
		select {
		case b.spare <- l[:0]:
		default:
		}
	}
}

// Gap emits what has been collected, and remembers that something is missing
// before the next line.
func (b *Batch) Gap(d oncall.Dropped) {
	b.Flush()
	b.gap = d
	b.emitNow()
}

// Fault emits what has been collected, then the news of a failure.
func (b *Batch) Fault(f *oncall.Fault) {
	b.Flush()
	b.emitted = true
	b.emit(oncall.LinesEvent{Stamp: oncall.Stamp{Source: b.source, At: b.now(), Err: f}})
}

// Flush emits what has been collected, if anything.
func (b *Batch) Flush() {
	if len(b.lines) > 0 {
		b.emitNow()
	}
}

// Alive emits an event without lines: the source looked, and all is well.
func (b *Batch) Alive() {
	b.Flush()
	b.emitNow()
}

func (b *Batch) emitNow() {
	e := oncall.LinesEvent{Stamp: oncall.Stamp{Source: b.source, At: b.now()}, Lines: b.lines, Dropped: b.gap, Texts: b.texts, Free: b.free(b.lines)}
	b.last = len(b.lines)
	b.lines, b.gap, b.texts = nil, oncall.Dropped{}, nil
	b.emitted = true
	b.emit(e)
}

// Emitted reports whether anything has been emitted yet.
func (b *Batch) Emitted() bool { return b.emitted }
