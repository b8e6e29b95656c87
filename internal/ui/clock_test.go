package ui

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// sleep lets time pass during which the screen hears nothing, and set moves the
// wall clock against the one that nobody can set.
func (f *fixture) sleep(d time.Duration) { f.clock = f.clock.Add(d); f.Update(tickMsg{}) }

func (f *fixture) set(t *testing.T, d time.Duration) {
	t.Helper()
	f.offset += d
	f.sleep(time.Second + d)
}

// TestSuspend wakes the screen after a sleep: the first frame is of true ages,
// every source is asked again, and no question from before is still open.
func TestSuspend(t *testing.T) {
	for _, c := range []struct {
		d         time.Duration
		woken     bool
		header    string
		pagesSays string
	}{
		{time.Second, false, "pd 4s  gh 42s  prom 6s  app 2s", "PAGES 3 open · 1 acked ─"},
		{time.Minute, true, "pd 1m!!  gh 1m!  prom 1m!!  app 1m", "PAGES 3 open · 1 acked STALE 1m"},
		{8 * time.Hour, true, "pd 8h00 LOST  gh 8h00 LOST  prom 8h00 LOST", "PAGES LOST 8h00"},
	} {
		t.Run(c.d.String(), func(t *testing.T) {
			f := newFixture(t, uitest.Events()...)
			f.press("b", "j", "enter")
			if _, open := f.stack[0].Overlay.(*overlay.Confirm); !open {
				t.Fatal("there is no question")
			}
			n := len(f.intents)
			f.sleep(c.d)
			f.mustSee(t, c.header)
			f.mustSee(t, c.pagesSays)
			asked := 0
			for _, i := range f.intents[n:] {
				if r, ok := i.(pane.Refresh); ok && r.Woken {
					asked++
				}
			}
			if c.woken != (asked == 1) || asked > 1 {
				t.Errorf("the sources were asked again %d times", asked)
			}
			if c.woken != (len(f.stack) == 0) {
				t.Errorf("%d questions are open", len(f.stack))
			}
			if c.woken {
				f.mustSee(t, "back after "+pane.Ago(c.d).String())
			}
			f.press("y")
			f.sleep(time.Second)
			f.press("y")
			if _, ran := last[pane.RunStep](f); ran && c.woken {
				t.Error("a question from before the sleep was answered after it")
			}
		})
	}
}

// TestWakingKeyIsMeantForNothing presses the confirming key as the first thing
// after a sleep.
func TestWakingKeyIsMeantForNothing(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("s") // asks for how long
	if len(f.stack) != 1 {
		t.Fatal("there is no question")
	}
	f.clock = f.clock.Add(8 * time.Hour)
	n := len(f.intents)
	f.press("a")
	if len(f.stack) != 0 {
		t.Errorf("%d questions are open", len(f.stack))
	}
	for _, i := range f.intents[n:] {
		if _, acted := i.(pane.Act); acted {
			t.Errorf("a key for a question that was gone did %+v", i)
		}
	}
}

// TestNoteSurvivesASleep keeps what somebody was writing.
func TestNoteSurvivesASleep(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("n", "x")
	f.sleep(8 * time.Hour)
	if len(f.stack) != 1 {
		t.Fatal("the note was closed")
	}
	f.press("y")
	if _, draft := f.stack[0].Overlay.(*overlay.Note).Draft(); draft != "xy" {
		t.Errorf("the note is %q", draft)
	}
}

// TestClockIsSet sets the wall clock. Set back, ages go on as if it had not been;
// set forward, they follow it, because the machine may have been stopped.
func TestClockIsSet(t *testing.T) {
	for _, c := range []struct {
		d      time.Duration
		header string
		says   string
		asked  bool
	}{
		{-time.Hour, "pd 4s  gh 42s  prom 6s  app 2s", "set back by 1 h", false},
		{-365 * 24 * time.Hour, "pd 4s  gh 42s", "set back by 365 d", false},
		{-1500 * time.Millisecond, "pd 4s  gh 42s", "", false},
		{500 * time.Millisecond, "pd 4s  gh 42s", "", false},
		{time.Hour, "pd 1h00 LOST", "set forward by 1 h", true},
		{10 * time.Minute, "pd 10m LOST", "set forward by 10 min", true},
	} {
		t.Run(c.d.String(), func(t *testing.T) {
			f := newFixture(t, uitest.Events()...)
			f.size(300, 50)
			f.press("s")
			f.set(t, c.d)
			f.mustSee(t, c.header)
			got := f.screenText()
			if c.says == "" && strings.Contains(got, "the clock was set") {
				t.Error("a clock that was trimmed is told of")
			}
			f.mustSee(t, c.says)
			if _, ok := last[pane.Refresh](f); ok != c.asked {
				t.Errorf("asked again: %v", ok)
			}
			if c.d < 0 {
				// The grace of a question that is open ends when it would have.
				f.sleep(time.Second)
				f.press("esc")
				if len(f.stack) != 0 {
					t.Error("the keys are dead since the clock was set back")
				}
				f.sleep(30 * time.Second)
				if strings.Contains(f.screenText(), "the clock was set") {
					t.Error("a message stays for ever")
				}
			}
		})
	}
}

// TestStoppedBetweenTheClocks stops the process after it has read the one clock and
// before it reads the other: nobody has set anything.
func TestStoppedBetweenTheClocks(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	stopped := 48 * time.Second
	f.opts.Boot = func() (time.Duration, bool) {
		f.clock, stopped = f.clock.Add(stopped), 0
		return f.boot(), true
	}
	f.Update(tickMsg{})
	f.mustSee(t, "back after 48 s")
	f.mustSee(t, "app 49s")
	f.sleep(time.Second)
	f.mustSee(t, "back after 48 s")
}

// TestTrimmedClock slews the clock for an hour, always by less than is noticed at
// once: no age is ever less than the time that passed.
func TestTrimmedClock(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	received := f.boot()
	for range 3600 {
		f.offset -= 300 * time.Millisecond
		f.sleep(700 * time.Millisecond)
	}
	passed := f.boot() - received
	if age := f.board.PagesReading().Age(f.now); age < passed-2*trimmed {
		t.Errorf("an age is %v after %v", age, passed)
	}
}

// TestEventFromBeforeTheClockWasSet takes an event that was stamped by the clock
// as it was before: it is not live until the next.
func TestEventFromBeforeTheClockWasSet(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	stamp := oncall.Stamp{Source: "pd", At: f.clock}
	f.set(t, -time.Hour)
	f.event(oncall.PagesEvent{Stamp: stamp, Pages: uitest.Pages(), Complete: true, Every: 10 * time.Second})
	f.mustSee(t, "pd 0s!")
	f.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock}, Pages: uitest.Pages(), Complete: true, Every: 10 * time.Second})
	f.mustSee(t, "pd 0s  gh")
}
