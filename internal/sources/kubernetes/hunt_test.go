package kubernetes

import (
	"context"
	"errors"
	"fmt"
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
