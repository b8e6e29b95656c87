package outlet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"go.uber.org/goleak"

	"conway/internal/ui/outlet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// terminal takes bytes at a pace, and remembers them.
type terminal struct {
	perByte time.Duration
	mu      sync.Mutex
	got     bytes.Buffer
	fail    error
}

func (t *terminal) Write(p []byte) (int, error) {
	time.Sleep(time.Duration(len(p)) * t.perByte)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fail != nil {
		return 0, t.fail
	}
	return t.got.Write(p)
}

func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.got.String()
}

func shut(t *testing.T, o *outlet.Outlet) {
	t.Helper()
	if err := o.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestEverythingArrivesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := &terminal{perByte: time.Millisecond}
		o := outlet.New(term)
		var want strings.Builder
		began := time.Now()
		for i := range 500 {
			fmt.Fprintf(&want, "%d,", i)
			if _, err := fmt.Fprintf(o, "%d,", i); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("writing waited for %s", took)
		}
		if !o.Busy() {
			t.Error("a slow terminal is not busy")
		}
		if err := o.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := term.text(); got != want.String() {
			t.Errorf("arrived: %q", got)
		}
		if o.Busy() {
			t.Error("busy after everything was sent")
		}
		shut(t, o)
		if _, err := o.Write([]byte("x")); err == nil {
			t.Error("a closed outlet takes bytes")
		}
	})
}

func TestATerminalThatIsGoneIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		o := outlet.New(&terminal{fail: gone})
		_, _ = o.Write([]byte("x"))
		if err := o.Drain(context.Background()); !errors.Is(err, gone) {
			t.Errorf("drain: %v", err)
		}
		if _, err := o.Write([]byte("x")); !errors.Is(err, gone) {
			t.Errorf("write: %v", err)
		}
		shut(t, o)
	})
}

func TestNobodyWaitsForAStuckTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outlet.New(&terminal{perByte: time.Hour})
		_, _ = o.Write([]byte("x"))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := o.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drain: %v", err)
		}
		if err := o.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
		time.Sleep(2 * time.Hour) // it ends once the terminal has moved
	})
}

// counter is a model whose view is what it was last told.
type counter struct{ n int }

func (c *counter) Init() tea.Cmd { return nil }

func (c *counter) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if n, ok := msg.(int); ok {
		c.n = n
	}
	return c, nil
}

func (c *counter) View() tea.View {
	return tea.NewView(strings.Repeat("x", 100) + fmt.Sprintf("[%d]", c.n))
}

// loop is the library's part: it updates, draws, and writes each new view.
type loop struct {
	model tea.Model
	pace  *outlet.Pace
	out   *outlet.Outlet
	msgs  chan tea.Msg
	last  string
}

func (l *loop) take(msg tea.Msg) {
	if msg = l.pace.Filter(msg); msg == nil {
		return
	}
	l.model, _ = l.model.Update(msg)
	if v := l.model.View().Content; v != l.last {
		l.last = v
		_, _ = l.out.Write([]byte(v))
	}
}

// pump takes messages that the pace sends, until it is quiet.
func (l *loop) pump() {
	for {
		select {
		case m := <-l.msgs:
			l.take(m)
		case <-time.After(time.Minute):
			return
		}
	}
}

func newLoop(term *terminal, every time.Duration, burst int) *loop {
	o := outlet.New(term)
	p := outlet.NewPace(o, every, burst, time.Now)
	l := &loop{pace: p, out: o, msgs: make(chan tea.Msg, 1)}
	l.model = p.Of(&counter{})
	p.Send(func(m tea.Msg) { l.msgs <- m })
	return l
}

func TestFramesAreSkippedAndNeverQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := &terminal{perByte: time.Millisecond}
		l := newLoop(term, 0, 1)
		for i := 1; i <= 10_000; i++ {
			select {
			case m := <-l.msgs:
				l.take(m)
			default:
			}
			l.take(i)
			time.Sleep(time.Millisecond)
		}
		l.pump()
		if got := term.text(); !strings.HasSuffix(got, "[10000]") {
			t.Errorf("the newest state is not what was sent last: …%q", got[max(0, len(got)-120):])
		}
		drawn, skipped := l.pace.Frames()
		// One frame takes about 105 ms, and the changes took 10 s.
		if drawn > 110 || drawn < 50 || skipped < 9_000 {
			t.Errorf("%d frames drawn, %d skipped", drawn, skipped)
		}
		if p := l.out.Peak(); p > 250 {
			t.Errorf("%d bytes waited at once; a frame has 110", p)
		}
		shut(t, l.out)
	})
}

func TestAStormOfSizesIsOneSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(&terminal{perByte: time.Millisecond}, 0, 1)
		l.take(1)
		kept := 0
		for i := range 1000 {
			if l.pace.Filter(tea.WindowSizeMsg{Width: i, Height: i}) == nil {
				kept++
			}
		}
		if kept != 1000 {
			t.Errorf("%d of 1000 sizes were kept back while a frame was on its way", kept)
		}
		time.Sleep(time.Second)
		select {
		case m := <-l.msgs:
			if s, ok := m.(tea.WindowSizeMsg); !ok || s.Width != 999 {
				t.Errorf("told %v", m)
			}
		default:
			t.Error("no size is told when the frame is through")
		}
		shut(t, l.out)
	})
}

// wait takes what the pace sends while time goes by.
func (l *loop) wait(d time.Duration) {
	end := time.After(d)
	for {
		select {
		case m := <-l.msgs:
			l.take(m)
		case <-end:
			return
		}
	}
}

func TestASlowLinkGetsFewerFramesButKeysAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(&terminal{}, 500*time.Millisecond, 1)
		for i := range 600 { // a minute, ten changes a second
			l.take(i)
			l.wait(100 * time.Millisecond)
		}
		drawn, _ := l.pace.Frames()
		if drawn > 121 || drawn < 100 {
			t.Errorf("%d frames in a minute", drawn)
		}
		l.wait(time.Second)
		l.take(7001)
		l.wait(time.Millisecond)
		l.take(7002)
		l.wait(time.Millisecond)
		if !strings.HasSuffix(l.last, "[7001]") {
			t.Errorf("drawn too soon: %q", l.last)
		}
		l.take(tea.KeyPressMsg{Code: 'a'})
		if !strings.HasSuffix(l.last, "[7002]") {
			t.Errorf("a key does not draw at once: %q", l.last)
		}
		l.pump()
		shut(t, l.out)
	})
}

func TestWhatWasSkippedIsDrawnWithoutAnotherChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(&terminal{}, 500*time.Millisecond, 1)
		l.take(1)
		l.wait(100 * time.Millisecond)
		l.take(2)
		l.wait(399 * time.Millisecond)
		if !strings.HasSuffix(l.last, "[1]") {
			t.Errorf("too soon: %q", l.last)
		}
		l.wait(2 * time.Millisecond)
		if !strings.HasSuffix(l.last, "[2]") {
			t.Errorf("the newest state is not drawn when its time has come: %q", l.last)
		}
		shut(t, l.out)
	})
}

func TestAfterAPauseAFewFramesFollowEachOtherAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(&terminal{}, 100*time.Millisecond, 3)
		for i := 1; i <= 5; i++ {
			l.take(i)
			l.wait(time.Millisecond)
		}
		if !strings.HasSuffix(l.last, "[3]") {
			t.Errorf("of a burst the third is not the last drawn at once: %q", l.last)
		}
		before, _ := l.pace.Frames()
		for i := range 1000 {
			l.take(100 + i)
			l.wait(time.Millisecond)
		}
		if after, _ := l.pace.Frames(); after-before < 9 || after-before > 11 {
			t.Errorf("a flood draws %d frames in the time of ten", after-before)
		}
		l.pump()
		shut(t, l.out)
	})
}

// TestAFrameGivesWayToAKey has what changed by itself be drawn with what a key that
// is on its way does, and not before it; and alone if none comes.
func TestAFrameGivesWayToAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(&terminal{}, 10*time.Millisecond, 3)
		l.take(1)
		l.wait(time.Second)
		drawn, _ := l.pace.Frames()
		l.pace.Typed()
		l.take(2)
		if now, _ := l.pace.Frames(); now != drawn {
			t.Error("a frame is drawn while a key is on its way")
		}
		l.wait(2 * time.Millisecond)
		l.take(tea.KeyPressMsg{Code: 'j'})
		if now, _ := l.pace.Frames(); now != drawn+1 || l.last != l.model.View().Content || !strings.HasSuffix(l.last, "[2]") {
			t.Errorf("%d frames for a key, the last %q", now-drawn, l.last[95:])
		}
		l.wait(time.Second)
		drawn, _ = l.pace.Frames()
		l.pace.Typed() // what was no key
		l.take(3)
		l.wait(50 * time.Millisecond)
		if now, _ := l.pace.Frames(); now != drawn+1 || !strings.HasSuffix(l.last, "[3]") {
			t.Errorf("%d frames without the key, the last %q", now-drawn, l.last[95:])
		}
		shut(t, l.out)
	})
}
