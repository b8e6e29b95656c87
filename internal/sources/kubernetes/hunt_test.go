package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

// manyPods is a cluster of as many pods, each with lines whose times lie between those
// of the others.
func manyPods(t *testing.T, pods, lines int) *fakeCluster {
	t.Helper()
	f := &fakeCluster{tb: t, cut: make(chan struct{})}
	began := time.Now().Add(-time.Minute)
	for p := range pods {
		name := fmt.Sprintf("checkout-%02d", p)
		f.start(name)
		for i := range lines {
			f.write(name, oncall.LogLine{At: began.Add(time.Duration(i*pods+p) * time.Millisecond), Raw: fmt.Sprintf("line %04d of all", i*pods+p)})
		}
	}
	return f
}

func TestContainersAreSearchedSideBySide(t *testing.T) {
	const pods, each, limit = 10, 30, 100
	f := manyPods(t, pods, each)
	s := f.serve(t)
	f.stalled.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.Search(ctx, oncall.LogQuery{}, func(oncall.LogPart) {})
		done <- err
	}()
	eventually(t, "as many at once as may be", func() bool { return f.running.Load() == sideBySide })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled search ends with %v", err)
	}
	eventually(t, "the end of all of them", func() bool { return f.running.Load() == 0 })

	f.stalled.Store(false)
	var got []string
	found, err := s.Search(t.Context(), oncall.LogQuery{Limit: limit}, func(p oncall.LogPart) {
		for _, l := range p.Lines {
			got = append(got, l.Raw)
		}
	})
	if err != nil || found.Lines != limit || found.Matched != pods*each || found.Complete {
		t.Fatalf("found %+v, %v", found, err)
	}
	for i, raw := range got {
		if want := fmt.Sprintf("line %04d of all", pods*each-limit+i); raw != want {
			t.Fatalf("line %d of the answer is %q, want %q", i, raw, want)
		}
	}
	if most := f.most.Load(); most > sideBySide {
		t.Errorf("%d logs were read at once", most)
	}
}

func TestOneContainerThatFailsEndsTheSearch(t *testing.T) {
	f := manyPods(t, 10, 3)
	f.broken.Store("checkout-03")
	s := f.serve(t)
	found, err := s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
	fault, ok := errors.AsType[*oncall.Fault](err)
	if !ok || fault.Status != 500 || !strings.Contains(fault.Error(), "the node does not answer") || found.Complete || found.Why == "" {
		t.Errorf("found %+v, %v", found, err)
	}
	eventually(t, "the end of all of them", func() bool { return f.running.Load() == 0 })
}

// TestWhatACrashSaidIsFound searches a container that was started again: what the one
// before it said is found too, and nothing twice, also while it is not started yet.
func TestWhatACrashSaidIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		backOff bool
		want    []string
	}{
		"running again":         {false, []string{"one", "panic: out of words", "two"}},
		"waiting for its start": {true, []string{"one", "panic: out of words"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t, 0, line("one"))
			f.restart("panic: out of words")
			if f.pods[0].backOff = c.backOff; !c.backOff {
				f.add(line("two"))
			}
			s := f.serve(t)
			for q, want := range map[string][]string{"": c.want, "app=checkout | panic": {"panic: out of words"}} {
				var got []string
				found, err := s.Search(t.Context(), oncall.LogQuery{Query: q}, func(p oncall.LogPart) {
					for _, l := range p.Lines {
						got = append(got, l.Raw)
					}
				})
				if err != nil || !found.Complete || !slices.Equal(got, want) {
					t.Errorf("%q found %q, %+v, %v", q, got, found, err)
				}
			}
			if r := begun(t, s); !slices.Equal(r, c.want) {
				t.Errorf("the tail begins with %q", r)
			}
		})
	}
}

// begun returns what a tail begins with.
func begun(t *testing.T, s *Source) []string {
	t.Helper()
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	eventually(t, "the first lines", func() bool { return len(r.said()) > 0 })
	time.Sleep(100 * time.Millisecond) // what came twice would have come by now
	return r.said()
}

// TestACrashLongAgoIsNotAskedFor has a container that was started again before the span
// that is searched: its log before that is not read.
func TestACrashLongAgoIsNotAskedFor(t *testing.T) {
	f := newCluster(t, 0)
	f.restart("panic: long ago")
	f.pods[0].finished = time.Now().Add(-48 * time.Hour)
	f.add(line("now"))
	s := f.serve(t)
	if found, err := s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {}); err != nil || found.Lines != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
	for _, u := range f.asked {
		if strings.Contains(u, "previous=") {
			t.Errorf("%s was asked", u)
		}
	}
}
