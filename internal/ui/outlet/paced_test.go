package outlet_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
)

// hasty is a model that shows what it was last told, and when it hurries only the key.
type hasty struct {
	counter

	on       bool
	key      rune
	was      string
	hurried  int
	complete int // with anything new
}

func (h *hasty) Hurry(on bool) bool {
	h.on = on
	return on
}

func (h *hasty) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		h.key = k.Code
	}
	h.counter.Update(msg)
	return h, nil
}

func (h *hasty) View() tea.View {
	if h.on {
		h.hurried++
		return tea.NewView(h.was + string(h.key))
	}
	if now := h.counter.View().Content; now != h.was {
		h.was = now
		h.complete++
	}
	return tea.NewView(h.was + string(h.key))
}

func newHaste(every time.Duration, burst int) (*loop, *hasty) {
	l, h := newLoop(&terminal{}, every, burst), &hasty{}
	l.model = l.pace.Of(h)
	return l, h
}

// TestAKeyIsShownBeforeWhatElseIsNew: what came besides a key is shown by the next
// frame, which comes by itself.
func TestAKeyIsShownBeforeWhatElseIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := newHaste(100*time.Millisecond, 1)
		l.take(1)
		l.wait(time.Millisecond)
		l.take(2)
		l.take(tea.KeyPressMsg{Code: 'j'})
		if !strings.HasSuffix(l.last, "[1]j") {
			t.Errorf("the frame of a key: %q", l.last[95:])
		}
		l.wait(100 * time.Millisecond)
		if !strings.HasSuffix(l.last, "[2]j") {
			t.Errorf("the frame after it: %q", l.last[95:])
		}
		frames, _ := l.pace.Frames()
		l.take(tea.KeyPressMsg{Code: 'k'})
		if !strings.HasSuffix(l.last, "[2]k") || h.hurried != 1 {
			t.Errorf("with nothing else new: %q, %d frames hurried", l.last[95:], h.hurried)
		}
		l.wait(time.Second)
		if now, _ := l.pace.Frames(); now != frames+1 {
			t.Errorf("%d frames for a key alone", now-frames)
		}
		shut(t, l.out)
	})
}

// TestAKeyHeldDownKeepsNothingAway has keys follow each other faster than frames that
// nobody asked for.
func TestAKeyHeldDownKeepsNothingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := newHaste(100*time.Millisecond, 1)
		l.take(0)
		h.complete = 0
		for i := range 100 {
			l.take(1 + i)
			l.take(tea.KeyPressMsg{Code: 'j'})
			l.wait(30 * time.Millisecond)
		}
		if h.complete < 25 || h.complete > 31 {
			t.Errorf("in 3 s %d frames show what is new, want one in 100 ms", h.complete)
		}
		l.pump()
		if !strings.HasSuffix(l.last, "[100]j") {
			t.Errorf("at the end: %q", l.last[95:])
		}
		shut(t, l.out)
	})
}
