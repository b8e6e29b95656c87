package outlet_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/ui/outlet"
)

// waited returns how long work waits for an answer.
func waited(a *outlet.Answer) time.Duration {
	from := time.Now()
	a.Wait()
	return time.Since(from)
}

func TestWorkWaitsForAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := outlet.NewAnswer(time.Now)
		m := a.Of(&counter{})
		if d := waited(a); d != 0 {
			t.Errorf("with nothing typed it waits %v", d)
		}
		a.Due()
		var took time.Duration
		var work sync.WaitGroup
		work.Go(func() { took = waited(a) })
		time.Sleep(time.Millisecond)
		m.Update(1)
		m.View() // a frame that had begun before
		time.Sleep(time.Millisecond)
		m.Update(tea.KeyPressMsg{Code: 'j'})
		time.Sleep(time.Millisecond)
		m.View()
		work.Wait()
		if took != 3*time.Millisecond {
			t.Errorf("it waits %v for an answer after 3 ms", took)
		}
		if d := waited(a); d != 0 {
			t.Errorf("after the answer it waits %v", d)
		}
	})
}

// TestWorkGetsOn has a terminal send nothing but what is no key.
func TestWorkGetsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := outlet.NewAnswer(time.Now)
		a.Due()
		if d := waited(a); d == 0 || d > 20*time.Millisecond {
			t.Errorf("for what is never answered it waits %v", d)
		}
		if d := waited(a); d != 0 {
			t.Errorf("and then again %v", d)
		}
		var idle time.Duration
		from := time.Now()
		for time.Since(from) < time.Second {
			a.Due()
			idle += waited(a)
			time.Sleep(100 * time.Microsecond)
		}
		if idle > 550*time.Millisecond {
			t.Errorf("of a second it waits %v", idle)
		}
		a.Due() // a key, and at last its answer
		m := a.Of(&counter{})
		m.Update(tea.KeyPressMsg{Code: 'j'})
		m.View()
		time.Sleep(time.Second)
		a.Due()
		if d := waited(a); d == 0 {
			t.Error("it does not wait for the next key")
		}
	})
}

// TestAnswersAreTold tells of an answer once it was given, and of several as one.
func TestAnswersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := outlet.NewAnswer(time.Now)
		m := a.Of(&counter{})
		told := func() bool {
			select {
			case <-a.Given():
				return true
			default:
				return false
			}
		}
		m.View()
		a.Due()
		if told() || !a.IsDue() {
			t.Error("before there is an answer it is told of, or not due")
		}
		for range 2 {
			a.Due()
			m.Update(tea.KeyPressMsg{Code: 'j'})
			m.View()
		}
		if a.IsDue() || !told() || told() {
			t.Error("two answers are not told of once")
		}
		a.Due()
		time.Sleep(time.Second)
		if a.IsDue() {
			t.Error("what is never answered is due for ever")
		}
	})
}
