package feed

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

var _ sources.Budget = (*Budget)(nil)

// take returns how long a Take took.
func take(t *testing.T, b *Budget, write bool) time.Duration {
	t.Helper()
	start := time.Now()
	if err := b.Take(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

func TestBudgetPacesReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{PerMinute: 60, Burst: 10})
		for i := range 2 {
			if d := take(t, b, true); d != 0 {
				t.Errorf("write %d of the reserve waited %v", i, d)
			}
		}
		for i := range 8 {
			if d := take(t, b, false); d != 0 {
				t.Errorf("read %d of the burst waited %v", i, d)
			}
		}
		// Eight tenths of the allowance are for reads: one in 1.25 s.
		for range 20 {
			if d := take(t, b, false); d < time.Second || d > 1300*time.Millisecond {
				t.Errorf("a paced read waited %v", d)
			}
		}
		for i := range 100 {
			if d := take(t, b, true); d != 0 {
				t.Fatalf("write %d waited %v", i, d)
			}
		}
		// The debt that writes leave to reads is bounded by the burst.
		if d := take(t, b, false); d < 2*time.Second || d > 12*time.Second {
			t.Errorf("a read after many writes waited %v", d)
		}
	})
}

func TestBudgetObeys(t *testing.T) {
	for name, c := range map[string]struct {
		limit, remaining int
		reset            time.Duration
		read, write      [2]time.Duration // least and most
	}{
		"plenty left":       {960, 500, 30 * time.Second, [2]time.Duration{}, [2]time.Duration{}},
		"nothing known":     {-1, -1, -1, [2]time.Duration{}, [2]time.Duration{}},
		"others took most":  {960, 96, 30 * time.Second, [2]time.Duration{30 * time.Second, 33 * time.Second}, [2]time.Duration{}},
		"renewal unknown":   {960, 96, -1, [2]time.Duration{unknownReset, unknownReset + renewSpread}, [2]time.Duration{}},
		"nothing left":      {960, 0, 30 * time.Second, [2]time.Duration{30 * time.Second, 33 * time.Second}, [2]time.Duration{30 * time.Second, 30 * time.Second}},
		"nothing, no limit": {-1, 0, 30 * time.Second, [2]time.Duration{30 * time.Second, 33 * time.Second}, [2]time.Duration{30 * time.Second, 30 * time.Second}},
		"nothing, no reset": {960, 0, -1, [2]time.Duration{unknownReset, unknownReset + renewSpread}, [2]time.Duration{}},
		"renewed already":   {960, 0, 0, [2]time.Duration{0, renewSpread}, [2]time.Duration{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := NewBudget(BudgetOptions{PerMinute: 960, Burst: 100})
				take(t, b, false)
				b.Observe(c.limit, c.remaining, c.reset)
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				for write, want := range map[bool][2]time.Duration{false: c.read, true: c.write} {
					wg.Go(func() {
						if d := take(t, b, write); d < want[0] || d > want[1] {
							t.Errorf("write %v waited %v, want %v", write, d, want)
						}
					})
				}
				wg.Wait()
				cancel()
				if err := b.Take(ctx, false); !errors.Is(err, context.Canceled) {
					t.Errorf("an ended context got %v", err)
				}
			})
		})
	}
}

// One that has the token to itself slows down as less is left, and never stops
// before nothing is.
func TestBudgetSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 100
		b := NewBudget(BudgetOptions{PerMinute: 600, Burst: 1000})
		start := time.Now()
		var waits []time.Duration
		for left := limit - 1; left >= 0 && time.Since(start) < time.Minute; left-- {
			waits = append(waits, take(t, b, false))
			b.Observe(limit, left, time.Minute-time.Since(start))
		}
		if len(waits) < 85 || len(waits) == limit {
			t.Errorf("%d reads before the renewal", len(waits))
		}
		for i, d := range waits {
			if i < 79 && d != 0 || i > 82 && i < 95 && d < time.Second {
				t.Errorf("read %d waited %v", i, d)
			}
		}
		if d := take(t, b, true); d != 0 {
			t.Errorf("a write waited %v", d)
		}
	})
}

func TestBudgetRespectsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{PerMinute: 960})
		b.Observe(960, 0, time.Minute)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := b.Take(ctx, false)
		var f *oncall.Fault
		if !errors.As(err, &f) || f.Kind != oncall.RateLimited || f.Ambiguous || f.RetryAfter < time.Minute {
			t.Errorf("a wait beyond the deadline got %v", err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("it said so only after %v", d)
		}
		stopped, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		if err := b.Take(stopped, true); !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("cancelled after a second: %v after %v", err, time.Since(start))
		}
	})
}

// A wait ends as soon as the other side says that there is more.
func TestBudgetHearsGoodNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{PerMinute: 960})
		b.Observe(960, 0, time.Hour)
		time.AfterFunc(time.Second, func() { b.Observe(960, 900, time.Minute) })
		if d := take(t, b, false); d != time.Second {
			t.Errorf("waited %v", d)
		}
	})
}

// With no figure of its own a budget goes by the other side's word alone.
func TestBudgetWithoutFigure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{})
		for range 1000 {
			if d := take(t, b, false); d != 0 {
				t.Fatalf("waited %v", d)
			}
		}
	})
}

// server allows so many requests in each minute and says what is left.
type server struct {
	mu                       sync.Mutex
	start                    time.Time
	limit, used, window      int
	refused                  int
	reads, writes, mostInMin int
}

func (s *server) request(write bool) (remaining int, reset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Since(s.start)
	if w := int(since / time.Minute); w != s.window {
		s.window, s.used = w, 0
	}
	// Whole seconds, rounded up, as rate limit headers are.
	reset = (time.Duration(s.window+1)*time.Minute - since + time.Second - 1).Truncate(time.Second)
	if s.used >= s.limit {
		s.refused++
		return 0, reset
	}
	s.used++
	s.mostInMin = max(s.mostInMin, s.used)
	if write {
		s.writes++
	} else {
		s.reads++
	}
	return s.limit - s.used, reset
}

// Fifty cockpits on one token, each with a budget of its own that hears of the
// others only by what the server says is left. However much they ask for, they
// stay under the limit, use most of what is not reserved, and no write waits.
func TestFiftyCockpitsShareOneToken(t *testing.T) {
	const cockpits, pollers, limit, minutes = 50, 4, 960, 10
	for name, c := range map[string]struct {
		every     time.Duration
		leastRead int
	}{
		"as much as they may":       {20 * time.Second, minutes * cockpits * pollers * 3 * 95 / 100},
		"half as much again":        {8 * time.Second, minutes * limit * 7 / 10},
		"six times what is allowed": {2 * time.Second, minutes * limit * 7 / 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{start: time.Now(), limit: limit}
				ctx, cancel := context.WithTimeout(t.Context(), minutes*time.Minute)
				defer cancel()
				var wg sync.WaitGroup
				for i := range cockpits {
					cockpit(ctx, t, &wg, s, uint64(i), pollers, c.every)
				}
				wg.Wait()
				t.Logf("reads %d, writes %d, most in a minute %d of %d", s.reads, s.writes, s.mostInMin, limit)
				if s.refused > 0 {
					t.Errorf("the server refused %d requests", s.refused)
				}
				if s.reads < c.leastRead {
					t.Errorf("only %d reads in %d minutes, want %d", s.reads, minutes, c.leastRead)
				}
			})
		})
	}
}

// cockpit starts some pollers and a person who does something once or twice a
// minute, all with one budget.
func cockpit(ctx context.Context, t *testing.T, wg *sync.WaitGroup, s *server, seed uint64, pollers int, every time.Duration) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(7, seed))
	var mu sync.Mutex
	random := func() float64 { mu.Lock(); defer mu.Unlock(); return rnd.Float64() }
	wait := func(least, most time.Duration) {
		time.Sleep(least + time.Duration(random()*float64(most-least)))
	}
	b := NewBudget(BudgetOptions{PerMinute: s.limit, Rand: random})
	request := func(write bool) {
		wait(0, 20*time.Millisecond)
		remaining, reset := s.request(write)
		wait(50*time.Millisecond, 300*time.Millisecond)
		b.Observe(s.limit, remaining, reset)
	}
	for range pollers {
		wg.Go(func() {
			wait(0, time.Second)
			for b.Take(ctx, false) == nil {
				request(false)
				wait(every*9/10, every*11/10)
			}
		})
	}
	wg.Go(func() {
		for {
			wait(20*time.Second, time.Minute)
			start := time.Now()
			if b.Take(ctx, true) != nil {
				return
			}
			if d := time.Since(start); d > 0 {
				t.Errorf("a write waited %v", d)
			}
			request(true)
		}
	})
}
