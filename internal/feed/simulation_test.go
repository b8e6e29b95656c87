package feed

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// world is a pager and the network to it: requests and answers get lost,
// delayed or refused, and some requests arrive after their caller gave up, but
// within the settle time.
type world struct {
	script

	mu   sync.Mutex
	rnd  *rand.Rand
	late func(*rand.Rand) float64 // share of the settle time
	has  map[string]int
}

// roll returns a random number in [0, 1) and a delay.
func (w *world) roll() (float64, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rnd.Float64(), time.Duration(w.rnd.Float64() * float64(3*time.Second))
}

func (w *world) store(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.has[what]++
}

func (w *world) got(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.has[what]
}

// wait waits for d or the end of ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// write is one request that changes something.
func (w *world) write(ctx context.Context, what string) error {
	p, delay := w.roll()
	fault := func(kind oncall.FaultKind, ambiguous bool) error {
		return &oncall.Fault{Kind: kind, Source: "pd", Detail: fmt.Sprintf("roll %.3f", p), Ambiguous: ambiguous}
	}
	switch {
	case p < 0.40: // as it should be
		if err := wait(ctx, delay); err != nil {
			return err
		}
		w.store(what)
		return nil
	case p < 0.50: // the request is lost
		_ = wait(ctx, delay)
		return fault(oncall.Unavailable, true)
	case p < 0.60: // the answer is lost
		w.store(what)
		_ = wait(ctx, delay)
		return fault(oncall.Unavailable, true)
	case p < 0.65: // the answer is garbled
		w.store(what)
		return fault(oncall.Malformed, true)
	case p < 0.72: // it hangs, and the request is lost or not
		<-ctx.Done()
		if p < 0.68 {
			w.store(what)
		}
		return ctx.Err()
	case p < 0.85: // the request arrives late
		if p < 0.78 {
			<-ctx.Done()
		}
		w.mu.Lock()
		d := time.Duration(min(0.999, w.late(w.rnd)) * float64(defaultSettle))
		w.mu.Unlock()
		time.AfterFunc(d, func() { w.store(what) })
		return fault(oncall.Unavailable, true)
	case p < 0.92:
		return fault(oncall.Unavailable, false)
	case p < 0.95:
		return &oncall.Fault{Kind: oncall.RateLimited, RetryAfter: delay}
	case p < 0.97:
		return fault(oncall.Auth, false)
	case p < 0.99:
		return fault(oncall.Rejected, false)
	}
	panic("a mistake before anything was sent")
}

func (w *world) Acknowledge(ctx context.Context, id string) error { return w.write(ctx, "ack "+id) }
func (w *world) Resolve(ctx context.Context, id string) error     { return w.write(ctx, "resolve "+id) }

func (w *world) Annotate(ctx context.Context, id, text string) error {
	return w.write(ctx, "note "+id+text)
}

func (w *world) NoteExists(ctx context.Context, id, text string) (bool, error) {
	p, delay := w.roll()
	if p < 0.3 {
		return false, &oncall.Fault{Kind: oncall.FaultKind(int(p*1000) % 5), Source: "pd"}
	}
	exists := w.got("note "+id+text) > 0
	return exists, wait(ctx, delay)
}

func (w *world) holds(a oncall.Action) int {
	what := a.Kind.String() + " " + a.Target.ID
	if a.Kind == oncall.Annotate {
		what += a.MarkedText()
	}
	return w.got(what)
}

// story is what is known of the actions of one simulation.
type story struct {
	t     *testing.T
	seed  uint64
	world *world

	mu    sync.Mutex
	final map[string]oncall.ActionState
	order map[oncall.Ref][]string
}

func (s *story) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("seed %d: "+format, append([]any{s.seed}, args...)...)
}

func (s *story) emit(e oncall.Event) {
	a, ok := e.(oncall.ActionEvent)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := a.Action.ID
	if was, ended := s.final[id]; ended {
		s.errorf("%s is %s after it was %s", id, a.State, was)
	}
	if !a.State.Done() {
		return
	}
	s.final[id] = a.State
	if a.State != oncall.Cancelled {
		s.order[a.Action.Target] = append(s.order[a.Action.Target], id)
	}
	if a.State == oncall.Confirmed && s.world.holds(a.Action) == 0 {
		s.errorf("%s is confirmed, the other side has not got it", id)
	}
	if a.State == oncall.Refused && a.Err == nil {
		s.errorf("%s is refused without a reason", id)
	}
}

// delays are how late a late request arrives, as a share of the settle time.
func delays() []func(*rand.Rand) float64 {
	return []func(*rand.Rand) float64{
		(*rand.Rand).Float64,
		func(*rand.Rand) float64 { return 0 },
		func(*rand.Rand) float64 { return 1 },
		func(r *rand.Rand) float64 { return r.ExpFloat64() / 5 },
		func(r *rand.Rand) float64 { return math.Round(r.Float64())*0.9 + 0.05 },
	}
}

// simulate is one person's quarter of an hour.
func simulate(t *testing.T, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	w := &world{rnd: rand.New(rand.NewPCG(seed, 2)), late: delays()[seed%5], has: map[string]int{}}
	s := &story{t: t, seed: seed, world: w, final: map[string]oncall.ActionState{}, order: map[oncall.Ref][]string{}}
	opts := OutboxOptions{Sources: map[string]sources.Source{"pd": w}, Emit: s.emit}
	disk := &journal{do: func(string, int) error {
		_, delay := w.roll()
		return wait(t.Context(), delay/100)
	}}
	if seed%2 == 1 {
		opts.Journal = disk
	}
	box := NewOutbox(opts)
	start := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = box.Run(ctx) }()
		return func() { cancel(); <-done }
	}
	stop := start()
	submitted := make([]oncall.Action, 0, 20)
	cancelled := map[string]bool{}
	for i := range cap(submitted) {
		a := action(fmt.Sprint(i), oncall.ActionKind(rnd.IntN(3)), fmt.Sprint("P", rnd.IntN(6)))
		if rnd.IntN(3) == 0 {
			a.NotBefore = time.Now().Add(3 * time.Second)
		}
		box.Submit(a)
		submitted = append(submitted, a)
		time.Sleep(time.Duration(rnd.IntN(8000)) * time.Millisecond)
		if id := fmt.Sprint(rnd.IntN(i + 1)); rnd.IntN(3) == 0 && box.Cancel(id) {
			cancelled[id] = true
		}
		if rnd.IntN(10) == 0 {
			stop()
			stop = start()
		}
	}
	if err := box.Flush(t.Context()); err != nil {
		s.errorf("%v", err)
	}
	stop()
	time.Sleep(2 * defaultSettle) // whatever is still on its way arrives
	s.check(submitted, cancelled)
	if left, _ := disk.Pending(t.Context()); len(left) > 0 {
		s.errorf("never settled: %v", left)
	}
}

func (s *story) check(submitted []oncall.Action, cancelled map[string]bool) {
	s.t.Helper()
	order := map[oncall.Ref][]string{}
	for _, a := range submitted {
		state, ended := s.final[a.ID]
		if !ended || (state == oncall.Cancelled) != cancelled[a.ID] {
			s.errorf("action %s ended %v as %s, cancelled %v", a.ID, ended, state, cancelled[a.ID])
		}
		if state != oncall.Cancelled {
			order[a.Target] = append(order[a.Target], a.ID)
		}
		notes := map[oncall.ActionState]int{oncall.Confirmed: 1}[state]
		if n := s.world.holds(a); a.Kind == oncall.Annotate && n != notes {
			s.errorf("note %s is %s and there %d times", a.ID, state, n)
		}
	}
	if fmt.Sprint(s.order) != fmt.Sprint(order) {
		s.errorf("carried out in the order %v, submitted in %v", s.order, order)
	}
}

// Whatever the network does: each action that was not cancelled ends once,
// confirmed only when the other side has it; and each confirmed note is there
// exactly once.
func TestOutboxSimulation(t *testing.T) {
	seeds := uint64(500)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) { simulate(t, seed) })
		if t.Failed() {
			return
		}
	}
}
