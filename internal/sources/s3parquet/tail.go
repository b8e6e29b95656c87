package s3parquet

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

const (
	// tailBack is how far a tail begins before now when nobody says.
	tailBack = 15 * time.Minute
	// tailLimit is how many lines a tail begins with, the newest ones.
	tailLimit = 2000
	// tailBurst is how many lines of new files are shown at once; beyond it the
	// oldest are left out, and counted as left out.
	tailBurst = 20_000
	// unlisted is how long a file is remembered that a listing leaves out: not every
	// store of objects lists all that it holds each time.
	unlisted = time.Hour
)

// took is a file whose rows were emitted: its version, and when it was listed last.
type took struct {
	version string
	listed  time.Time
}

// errRepointed ends a pass because something else is followed.
var errRepointed = errors.New("something else is followed")

// Follow points the tail at the lines of another query. The same query again changes
// nothing.
func (l *Lake) Follow(q oncall.LogQuery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.q != nil && *l.q == q {
		return
	}
	l.q = &q
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *Lake) following() (q *oncall.LogQuery, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.q, l.changed
}

// Run looks for new files at each interval and emits their lines, late rows among
// them. A file is read once, as a whole, when it appears: writers of lakes do not
// append. Files that cannot be read are reported and tried again when they change.
func (l *Lake) Run(ctx context.Context, emit sources.Emit) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		q, changed := l.following()
		err := error(nil)
		switch {
		case q == nil:
			wait(ctx, changed)
		case q.Unfilled != "":
			_, fault := l.parse("follow a log lake", *q)
			l.emit(emit, q, nil, oncall.AsFault(fault, l.o.Name, ""))
			wait(ctx, changed)
		default:
			err = l.follow(ctx, q, changed, emit)
		}
		if err != nil && !errors.Is(err, errRepointed) {
			return ended(ctx, err)
		}
	}
}

func wait(ctx context.Context, changed <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-changed:
	}
}

// follow emits the lines of one query until another is followed.
func (l *Lake) follow(ctx context.Context, q *oncall.LogQuery, changed <-chan struct{}, emit sources.Emit) error {
	f, err := l.parse("follow a log lake", *q)
	if err != nil {
		l.emit(emit, q, nil, oncall.AsFault(err, l.o.Name, ""))
		wait(ctx, changed)
		return errRepointed
	}
	if l.of != q {
		l.of, l.taken, l.failed = q, nil, map[string]string{}
		if l.since = q.Window.Start; l.since.IsZero() {
			l.since = l.o.Now().Add(-tailBack)
		}
	}
	until, stop := untilChanged(ctx, changed)
	defer stop()
	err = sources.Poll(until, l.o.Every, l.nudge, func(ctx context.Context) error { return l.pass(ctx, q, f, emit) })
	if ctx.Err() == nil && until.Err() != nil {
		return errRepointed
	}
	return err
}

// untilChanged returns a context that also ends when something else is followed,
// and what has to be called when it is not needed any more.
func untilChanged(ctx context.Context, changed <-chan struct{}) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait(ctx, changed)
		cancel()
	}()
	return ctx, func() {
		cancel()
		<-done
	}
}

// pass emits what the files hold that came since the last one. The whole stretch
// of time is listed anew, so that a file that a listing showed late is not lost.
func (l *Lake) pass(ctx context.Context, q *oncall.LogQuery, f filter, emit sources.Emit) error {
	w := oncall.Window{Start: l.since}
	listed, err := l.walk(ctx, oncall.Window{Start: w.Start, End: l.o.Now().Add(24 * time.Hour)}, f)
	if err != nil {
		return err
	}
	limit := tailBurst
	if l.taken == nil {
		limit = cmp.Or(q.Limit, tailLimit)
	}
	var fresh []object
	for _, o := range listed {
		if version, failed := l.failed[o.key]; !l.took(o) && (!failed || version != o.version) {
			fresh = append(fresh, o)
		}
	}
	var got []oncall.LogLine
	h := l.hunt("follow a log lake", askOf(f, w, l.o.Fields), fresh, limit, func(p oncall.LogPart) { got = append(got, p.Lines...) })
	if err := h.run(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	slices.SortStableFunc(got, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
	first := l.taken == nil
	l.note(listed, fresh, h.bad)
	l.tell(emit, q, got, !first && (h.trimmed || len(h.queue) > 0), h.unreadable())
	return nil
}

// took reports whether a file was read. One that comes back after listings have left it
// out is another one when its version is another.
func (l *Lake) took(o object) bool {
	t, ok := l.taken[o.key]
	return ok && (t.listed.Equal(l.listed) || t.version == o.version)
}

// note remembers which files were read, and forgets those that have not been listed for
// a while.
func (l *Lake) note(listed, fresh []object, bad map[string]string) {
	now := l.o.Now()
	if l.taken == nil {
		l.taken = make(map[string]took, len(listed))
	}
	for _, o := range listed {
		if l.took(o) {
			l.taken[o.key] = took{l.taken[o.key].version, now}
		}
	}
	maps.DeleteFunc(l.taken, func(_ string, t took) bool { return now.Sub(t.listed) > unlisted })
	l.listed = now
	for _, o := range fresh {
		if _, failed := bad[o.key]; failed {
			l.failed[o.key] = o.version
			continue
		}
		delete(l.failed, o.key)
		l.taken[o.key] = took{o.version, now}
	}
	maps.DeleteFunc(l.failed, func(key, _ string) bool {
		return !slices.ContainsFunc(listed, func(o object) bool { return o.key == key })
	})
}

// tell emits lines in events of a bounded size, at least one, then what could not
// be read.
func (l *Lake) tell(emit sources.Emit, q *oncall.LogQuery, got []oncall.LogLine, dropped bool, unreadable string) {
	for first := true; first || len(got) > 0; first = false {
		n := min(len(got), lines.MaxBatch)
		e := oncall.LinesEvent{Stamp: oncall.Stamp{Source: l.o.Name, At: l.o.Now()}, Scope: q.Scope, Lines: got[:n]}
		if first && dropped {
			e.Dropped.Reason = "more came at once than is shown; search for the lines before"
		}
		emit(e)
		got = got[n:]
	}
	if unreadable != "" {
		l.emit(emit, q, nil, &oncall.Fault{Kind: oncall.Malformed, Source: l.o.Name, Op: "follow a log lake", Detail: unreadable})
	}
}

func (l *Lake) emit(emit sources.Emit, q *oncall.LogQuery, got []oncall.LogLine, f *oncall.Fault) {
	emit(oncall.LinesEvent{Stamp: oncall.Stamp{Source: l.o.Name, At: l.o.Now(), Err: f}, Scope: q.Scope, Lines: got})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
