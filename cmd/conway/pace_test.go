package main

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/ui/outlet"
)

func TestPaceLeavesRoom(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, paceLater}, {1, paceAtFirst}, {2 * mb, paceAtFirst}, {5 * mb, 200}, {10 * mb, 100}, {20 * mb, 50}, {30 * mb, 33}, {40 * mb, paceLater}, {200 * mb, paceLater},
	} {
		if got := paceFor(c.live); got != c.want {
			t.Errorf("beside %d bytes the pace is %d, not %d", c.live, got, c.want)
		}
	}
}

// TestLimitLeavesRoom has the limit stay where it is for a million lines, and go up
// in steps with what is in use beyond them.
func TestLimitLeavesRoom(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		live uint64
		want int64
	}{
		{0, memoryLimit}, {40 * mb, memoryLimit}, {207 * mb, memoryLimit}, {208 * mb, 237 * mb}, {209 * mb, 237 * mb}, {900 * mb, 929 * mb},
	} {
		if got := limitFor(c.live); got != c.want {
			t.Errorf("beside %d bytes the limit is %d, not %d", c.live, got, c.want)
		}
	}
}

func TestGarbageIsWorthCollecting(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		held, goal, now uint64
		want            bool
	}{
		{10 * mb, 20 * mb, 19 * mb, false},
		{200 * mb, 212 * mb, 205 * mb, false},
		{200 * mb, 212 * mb, 207 * mb, true},
		{200 * mb, 212 * mb, 213 * mb, true},
		// What is not measured is 0.
		{0, 0, 0, false},
		{200 * mb, 0, 213 * mb, false},
		{0, 212 * mb, 213 * mb, false},
	} {
		if got := worthIt(c.held, c.goal, c.now); got != c.want {
			t.Errorf("beside %d bytes with a goal of %d, at %d: %v", c.held, c.goal, c.now, got)
		}
	}
}

// TestGarbageIsCollectedBehindAnAnswer has much held and as much garbage, and answers
// a key.
func TestGarbageIsCollectedBehindAnAnswer(t *testing.T) {
	a := outlet.NewAnswer(time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { collectBehind(ctx, a) })
	defer work.Wait()
	defer cancel()
	held := make([]byte, 2*muchHeld)
	runtime.GC()
	defer runtime.KeepAlive(held)
	for range 2 * muchHeld * 3 / 5 >> 20 { // of the room that the usual pace leaves
		runtime.KeepAlive(make([]byte, 1<<20))
	}
	before := collections()
	m := a.Of(keyless{})
	a.Due()
	m.Update(tea.KeyPressMsg{Code: 'j'})
	m.View()
	for limit := time.Now().Add(10 * time.Second); collections() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("nothing was collected")
		}
	}
}

func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

// keyless is a model that shows nothing.
type keyless struct{}

func (k keyless) Init() tea.Cmd                       { return nil }
func (k keyless) Update(tea.Msg) (tea.Model, tea.Cmd) { return k, nil }
func (k keyless) View() tea.View                      { return tea.NewView("") }
