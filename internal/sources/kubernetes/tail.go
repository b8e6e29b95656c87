package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

// tail follows the pods of one query until something ends it.
func (s *Source) tail(ctx context.Context, q oncall.LogQuery, turn int, emit sources.Emit) error {
	c, ch, pods, err := s.choose(ctx, tailing.OpFollow, q)
	if err != nil {
		return err
	}
	out := tailing.NewOut(s.o.Name, q, &s.place, c.http.Skew.Ahead, emit)
	if !s.place.Arrived(turn) {
		if err := s.begin(ctx, c, ch, pods, q, out); err != nil {
			return err
		}
		s.place.Arrive(turn)
		s.starts.forget()
	} else {
		out.Alive()
	}
	ctx, cancel := context.WithCancel(ctx)
	t := &tail{
		cluster: c, choice: ch, out: out, starts: &s.starts, since: s.place.Back(), again: s.o.Again, streams: map[string]*stream{}, done: map[string]bool{},
		came: make(chan []tailing.Entry), changed: make(chan change), failed: make(chan error, 1),
	}
	defer t.helpers.Wait()
	defer cancel()
	for _, p := range pods.pods {
		t.pod(ctx, p, false)
	}
	t.help(func() error { return t.watch(ctx, pods.version) })
	return t.run(ctx)
}

// begin emits the newest lines of the query's window.
func (s *Source) begin(ctx context.Context, c *cluster, ch choice, pods podList, q oncall.LogQuery, out *tailing.Out) error {
	h := hunt{cluster: c, op: tailing.OpFollow, text: ch.text, limit: q.Limit}
	if h.limit <= 0 {
		h.limit = tailing.History
	}
	h.start, h.end = tailing.Window(oncall.Window{Start: q.Window.Start}, tailing.Lookback, c.http.Skew.Ahead())
	if err := h.run(ctx, pods); err != nil {
		return err
	}
	h.settle()
	s.place.Begin(h.start)
	if len(h.entries) >= h.limit {
		s.place.Know(h.entries[0].Line.At)
	}
	out.PutOrAlive(h.entries)
	return nil
}

// tail is a tail at work. Its goroutines end with its context.
type tail struct {
	cluster *cluster
	choice  choice
	out     *tailing.Out
	starts  *starts
	since   time.Time
	again   time.Duration
	// streams are the containers that are followed, by pod and name. Only run
	// touches them.
	streams map[string]*stream
	// done are the containers whose pods are over and that were read to their end.
	done map[string]bool
	// refused is true once it was told that there are too many.
	refused bool

	helpers sync.WaitGroup
	came    chan []tailing.Entry
	changed chan change
	failed  chan error
}

// starts are which start of each container was read last, so that a container that is
// started again while nobody reads has its last words read as well.
type starts struct {
	mu   sync.Mutex
	read map[string]int64
}

// forget begins anew, for another query.
func (s *starts) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = map[string]int64{}
}

// last returns how often a container had been started again when it was read last, and
// now for one that was not read yet.
func (s *starts) last(key string, now int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, known := s.read[key]; known {
		return before
	}
	return now
}

// note tells that the last words of what ran before were read.
func (s *starts) note(key string, restarts int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read[key] = restarts
}

// change is the news of one pod, or, with ended, of a stream that is over.
type change struct {
	pod   pod
	gone  bool
	ended string
}

// help runs a goroutine whose failure ends the tail.
func (t *tail) help(f func() error) {
	t.helpers.Go(func() {
		err := func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("follow pods: panic: %v", p)
				}
			}()
			return f()
		}()
		if err != nil {
			select {
			case t.failed <- err:
			default: // the first one counts
			}
		}
	})
}

func (t *tail) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-t.failed:
			return err
		case entries := <-t.came:
			t.out.Put(entries)
		case ch := <-t.changed:
			if ch.ended != "" {
				delete(t.streams, ch.ended)
				t.done[ch.ended] = true
			} else {
				t.pod(ctx, ch.pod, ch.gone)
			}
		}
	}
}

// watch tells of pods that come and change.
func (t *tail) watch(ctx context.Context, version string) error {
	tell := func(p pod, gone bool) {
		select {
		case t.changed <- change{pod: p, gone: gone}:
		case <-ctx.Done():
		}
	}
	for {
		err := t.cluster.watch(ctx, t.choice, &version, tell)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errExpired):
			pods, err := t.cluster.list(ctx, t.choice)
			if err != nil {
				return err
			}
			version = pods.version
			for _, p := range pods.pods {
				tell(p, false)
			}
		case err != nil:
			return err
		}
		if !pause(ctx, t.again, nil) {
			return nil
		}
	}
}

// pod begins to follow what is new in a pod.
func (t *tail) pod(ctx context.Context, p pod, gone bool) {
	for _, u := range t.cluster.units(p) {
		key := u.uid + "/" + u.container
		st, known := t.streams[key]
		switch {
		case known:
			st.tell(u.restarts, gone || u.over)
		case gone || u.waiting || t.done[key]:
		case len(t.streams) >= maxStreams:
			if !t.refused {
				t.refused = true
				t.out.Fault(&oncall.Fault{
					Kind: oncall.Rejected, Source: t.cluster.http.Source, Op: tailing.OpFollow,
					Detail: fmt.Sprintf("the query chooses more than %d containers; those beyond are not followed", maxStreams),
					Fix:    "write a narrower query, or name containers",
				})
			}
		default:
			st := &stream{unit: u, tail: t, last: t.since, nudge: sources.NewNudge(), restarts: u.restarts, over: u.over}
			t.streams[key] = st
			t.help(func() error {
				err := st.follow(ctx)
				select {
				case t.changed <- change{ended: key}:
				case <-ctx.Done():
				}
				return err
			})
		}
	}
}

// stream follows one container.
type stream struct {
	unit
	tail  *tail
	nudge sources.Nudge
	// last is the time of its newest line.
	last time.Time
	// begun is true once last is that of a line.
	begun bool

	mu       sync.Mutex
	restarts int64
	over     bool
}

// tell hands on what is known of the container now.
func (s *stream) tell(restarts int64, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if restarts != s.restarts || over != s.over {
		s.restarts, s.over = restarts, over
		s.nudge.Poke()
	}
}

func (s *stream) state() (restarts int64, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts, s.over
}

// follow reads the container's log again and again, until its pod is over.
func (s *stream) follow(ctx context.Context) error {
	wait := s.tail.again
	key := s.uid + "/" + s.container
	first, _ := s.state()
	seen := s.tail.starts.last(key, first)
	for {
		restarts, over := s.state()
		if restarts > seen {
			// What the one before said last, after the stream of it ended.
			if _, err := s.read(ctx, true); err != nil {
				return err
			}
		}
		seen = restarts
		s.tail.starts.note(key, seen)
		n, err := s.read(ctx, false)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case gone(err), err == nil && over:
			return nil
		case err != nil:
			return err
		}
		if wait = min(2*wait, mostAgain); n > 0 {
			wait = s.tail.again
		}
		if !pause(ctx, wait, s.nudge) {
			return nil
		}
	}
}

func gone(err error) bool {
	f, ok := errors.AsType[*oncall.Fault](err)
	return ok && f.Status == http.StatusNotFound
}

// read reads one log from the last line on, and returns how many new lines it
// had. A container that waits to be started has none.
func (s *stream) read(ctx context.Context, previous bool) (int, error) {
	resp, err := s.tail.cluster.logs(ctx, tailing.OpFollow, s.unit, s.last, !previous, previous)
	if f, ok := errors.AsType[*oncall.Fault](err); ok && (f.Status == http.StatusBadRequest || previous && f.Status == http.StatusNotFound) {
		return 0, nil
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return 0, nil // a quiet container: not even the head of an answer came
	}
	if err != nil {
		return 0, err
	}
	// The log is given from whole seconds on, so its first lines may come again.
	n, again, from := 0, true, s.last
	err = records(ctx, s.tail.cluster, tailing.OpFollow, resp, s.unit, func(entries []tailing.Entry, _ int) {
		fresh := entries[:0]
		for _, e := range entries {
			if again = again && !e.Untimed && s.begun && !e.Line.At.After(from); again {
				continue
			}
			n++
			if e.Line.At.After(s.last) {
				s.last, s.begun = e.Line.At, true
			}
			if strings.Contains(e.Line.Raw, s.tail.choice.text) {
				fresh = append(fresh, e)
			}
		}
		select {
		case s.tail.came <- fresh:
		case <-ctx.Done():
		}
	})
	return n, err
}

// pause waits, or until it is poked, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration, n sources.Nudge) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-n:
	}
	return true
}
