package file

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

const (
	// defaultTail is how many lines of each file are shown at the start: more
	// than a screen, less than what takes time.
	defaultTail = 2000
	// defaultPoll is how often all files are looked at, watched or not: the system
	// does not tell of what another machine writes. It is done twice as often where
	// the system tells of nothing.
	defaultPoll = time.Second
	// pace is the least time between two looks, about a frame. Lines that come
	// within it make one event.
	pace = 16 * time.Millisecond
	// floodPace is the least time between two looks at files that flood: their
	// lines pass too fast to be read, and each frame less leaves the processor to
	// others. floodSize is how many bytes in one look are a flood.
	floodPace = 4 * pace
	floodSize = 16 << 10
	// floodLooks is how many such looks in a row make a flood that goes on: the
	// system's words, one for each write, are not heard then, as all files are looked
	// at anyway. floodScan is how many looks are between two at which files there are.
	floodLooks = 10
	floodScan  = 4
	// turn bounds one look, so that a writer who is faster than the reader
	// cannot hide a rotation.
	turn = 50 * time.Millisecond
	// quiet is how long a file that lost its name must have been silent before
	// it is closed.
	quiet = 5 * time.Second
)

// LogOptions says what to follow.
type LogOptions struct {
	// Name is the configured name of the source.
	Name string
	// Paths are globs as in path/filepath. Compressed files and directories that
	// match are passed over.
	Paths []string
	// Tail is how many lines of each file that is there at the start are read
	// from its end; 0 means 2000, a negative number none. Files that come later
	// are read whole.
	Tail int
	// Poll is how often all files are looked at; 0 means every second, and every
	// half where the system has no watches left to give.
	Poll time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Turn, if it is not nil, is held while many lines are taken apart, never while a
	// file is read. Logs that share it and flood use one processor between them, and
	// leave the others to the screen.
	Turn sync.Locker
	// Aside, if it is not nil, is called now and then while many lines are taken apart,
	// and may wait a moment, for what is more urgent.
	Aside func()
}

// Logs follows files. It implements sources.Source.
type Logs struct {
	o LogOptions
	// hold is how long a last line may wait for its newline.
	hold time.Duration
	// tails are the followed files by name, leaving those without one. Both
	// outlive a Run, without their descriptors, so that the next one goes on
	// where this one ended.
	tails   map[string]*tail
	leaving []*tail
	// begun is true once all files that were there at the start are known.
	begun bool
	// faults are what was reported last, by path or glob; missing is since when
	// a glob has matched nothing.
	faults  map[string]*oncall.Fault
	missing map[string]time.Time
}

var _ sources.Source = (*Logs)(nil)

// NewLogs returns a source that follows the files that match. The error names
// what is wrong with a glob.
func NewLogs(o LogOptions) (*Logs, error) {
	if len(o.Paths) == 0 {
		return nil, errors.New("follow files: paths is empty; name at least one file or glob")
	}
	o.Paths = slices.Clone(o.Paths)
	for i, p := range o.Paths {
		if _, err := filepath.Match(p, ""); err != nil || p == "" {
			return nil, errors.New("follow files: " + sources.Printable(p, maxPath) + " is not a glob; close each [ and put a \\ before a literal one")
		}
		o.Paths[i] = filepath.Clean(p)
	}
	if o.Tail == 0 {
		o.Tail = defaultTail
	}
	o.Tail = max(0, o.Tail)
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Aside == nil {
		o.Aside = func() {}
	}
	if o.Turn == nil {
		o.Turn = &sync.Mutex{}
	}
	return &Logs{
		o: o, hold: lines.HoldBack, tails: map[string]*tail{},
		faults: map[string]*oncall.Fault{}, missing: map[string]time.Time{},
	}, nil
}

// Name returns the configured name.
func (l *Logs) Name() string { return l.o.Name }

// Run follows the files until ctx ends. It emits LinesEvents: batches of lines
// in the order of each file, a fault for each file or glob that cannot be
// followed while the others go on, and one event at the start, whatever there is
// to read. It returns nothing but ctx's error, because a file that is not there
// yet may come.
func (l *Logs) Run(ctx context.Context, emit sources.Emit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.run(ctx, emit, newWatch())
}

func (l *Logs) run(ctx context.Context, emit sources.Emit, w *watch) error {
	r := &run{
		Logs: l, buf: make([]byte, markSize+chunkSize), watch: w, scanDue: true,
		batch: lines.NewBatch(l.o.Name, l.o.Now, emit), names: map[string]*tail{},
	}
	defer r.close()
	r.tick = time.NewTimer(r.beat())
	defer r.tick.Stop()
	r.recall()
	for first := true; ; first = false {
		pending := r.look(ctx)
		if first && !r.batch.Emitted() {
			r.batch.Alive()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !pending {
			r.pause(ctx)
			if !r.goesOn() {
				r.wait(ctx)
			}
		}
		r.hear()
	}
}

// run is one Run: what holds descriptors and must end with it.
type run struct {
	*Logs

	batch *lines.Batch
	buf   []byte
	watch *watch
	// names are the names under which the system speaks of each file.
	names map[string]*tail
	// tick is when all files are looked at next; ticked is true for a look that
	// nothing else has asked for.
	tick   *time.Timer
	ticked bool
	// scanDue asks for a look at which files there are.
	scanDue bool
	// rest is how long to do nothing, longer after finding files took long.
	rest time.Duration
	// took is how many bytes the present look has read, and floods how many looks in
	// a row have found a flood.
	took   int64
	floods int
}

func (r *run) close() {
	r.watch.close()
	for _, t := range r.all() {
		t.close()
	}
}

// all returns every file, those without a name first: their lines are older.
func (r *run) all() []*tail {
	out := slices.Clone(r.leaving)
	for _, path := range sortedKeys(r.tails) {
		out = append(out, r.tails[path])
	}
	return out
}

// look reads what is new, and reports whether something is left to read.
func (r *run) look(ctx context.Context) (pending bool) {
	start := r.o.Now()
	r.rest, r.took = pace, 0
	if r.scanDue {
		r.scanDue = false
		r.scan(start)
	}
	files := r.all()
	for _, t := range r.leaving {
		t.dirty = true
	}
	for {
		pending = false
		for _, t := range files {
			if t.dirty && t.f != nil && ctx.Err() == nil {
				r.read(t)
				pending = pending || t.dirty
			}
		}
		if !pending || ctx.Err() != nil || r.o.Now().Sub(start) > turn {
			break
		}
	}
	now := r.o.Now()
	for _, t := range files {
		if !t.dirty {
			r.release(t, now)
		}
	}
	r.farewell(now)
	r.batch.Flush()
	r.flooded(r.took >= floodSize)
	if r.took >= floodSize && r.rest == pace {
		// Until a moment that is the same for all sources, so that their lines come
		// in one frame and are put in order once.
		r.rest = floodPace - time.Duration(now.UnixNano())%floodPace
	}
	return pending
}

// read takes what is new in one file.
func (r *run) read(t *tail) {
	now, from := r.o.Now(), t.place.off
	more, err := t.read(r.buf, now, r.batch, r.o.Turn, r.o.Aside)
	t.dirty = more
	r.took += max(0, t.place.off-from)
	switch {
	case err == nil:
	case errors.Is(err, errRewritten):
		t.restart(now, r.batch)
	default:
		t.close()
		r.fault(t.path, r.faultOf(t.path, err))
	}
}

// release gives out a last line that has waited long enough for its newline. The
// file is read once more before, because reading others may have taken as long.
func (r *run) release(t *tail, now time.Time) {
	held := t.split.Held()
	if held.IsZero() || now.Sub(held) < r.hold {
		return
	}
	if t.f != nil {
		r.read(t)
	}
	if t.split.Held().Equal(held) {
		t.split.Rest(t.lineTo(r.batch, now, t.place.off <= t.old))
	}
}

// farewell closes the files that lost their name and have nothing more to say.
func (r *run) farewell(now time.Time) {
	r.leaving = slices.DeleteFunc(r.leaving, func(t *tail) bool {
		if t.f != nil && (now.Sub(t.left) < quiet || now.Sub(t.active) < quiet) {
			return false
		}
		t.split.End(t.lineTo(r.batch, now, false))
		t.close()
		return true
	})
}

func (r *run) fault(key string, f *oncall.Fault) {
	if old := r.faults[key]; old == nil || old.Error() != f.Error() {
		r.faults[key] = f
		r.batch.Fault(f)
	}
}

// recovered withdraws what was reported of a path or glob. Because that is the
// news that all is well, what is still not is told again.
func (r *run) recovered(key string) {
	if r.faults[key] == nil {
		return
	}
	delete(r.faults, key)
	r.batch.Alive()
	r.recall()
}

// recall reports all faults that stand.
func (r *run) recall() {
	for _, key := range sortedKeys(r.faults) {
		r.batch.Fault(r.faults[key])
	}
}
