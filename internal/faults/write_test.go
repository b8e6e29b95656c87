package faults

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
)

// late has the next request that matches answered by nobody, and delivered to the
// pager after a time, as a proxy does that holds what its client gave up.
func (d *desk) late(method, prefix string, after time.Duration) {
	var done atomic.Bool
	f := func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || !strings.HasPrefix(r.URL.Path, prefix) || done.Swap(true) {
			return false
		}
		body, _ := io.ReadAll(r.Body)
		held := r.Clone(context.WithoutCancel(r.Context()))
		d.jobs.Go(func() {
			t := time.NewTimer(after)
			defer t.Stop()
			select {
			case <-t.C:
				held.Body = io.NopCloser(bytes.NewReader(body))
				d.pd.ServeHTTP(httptest.NewRecorder(), held)
			case <-d.ctx.Done():
			}
		})
		<-r.Context().Done() // the client gives up
		panic(http.ErrAbortHandler)
	}
	d.tamper.Store(&f)
}

// states returns through which states the actions of a kind went.
func (d *desk) states(kind oncall.ActionKind) []oncall.ActionState {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []oncall.ActionState
	for _, e := range d.settled {
		if e.Action.Kind == kind && (len(out) == 0 || out[len(out)-1] != e.State) {
			out = append(out, e.State)
		}
	}
	return out
}

// honestly passes a time second by second, and fails when an ack is drawn before
// the pager has it.
func (d *desk) honestly(total time.Duration) {
	d.Helper()
	for range int(total / time.Second) {
		shown := strings.Contains(d.screen(), "acked by you") || strings.Contains(d.screen(), "acknowledged")
		if shown && d.state().Status != "acknowledged" {
			d.Fatalf("an ack is drawn that the pager does not have:\n%s", d.screen())
		}
		d.pass(time.Second)
	}
}

// note writes a note on the selected page.
func (d *desk) note() {
	d.press("n")
	d.pass(time.Second)
	for _, r := range "pool" {
		d.press(string(r))
	}
	d.press("enter")
	d.pass(time.Second)
}

// TestConnectionHangs is the row "connection hangs (accepts, never answers)".
func TestConnectionHangs(t *testing.T) {
	bubble(t, "connection hangs, the ack's request", setup{}, func(d *desk) {
		d.begin()
		d.pd.Fail(pdserver.On(http.MethodPut, "/", 0, pdserver.Failure{Delay: 24 * time.Hour, Drop: true}))
		d.press("a")
		d.pass(hold + time.Second)
		d.see("ack: sending")
		d.unseen("acked by you", "acknowledged")
		d.until(12*time.Second, "ack unconfirmed")
		d.honestly(2 * time.Minute)
		d.see("ack unconfirmed", "1 undelivered")
		d.well("pd", "prom", "gh") // reading goes on
		d.pd.Fail(nil)
		d.until(45*time.Second, "acked by you")
		if n := d.logged(); n != 1 {
			d.Errorf("%d acks are logged", n)
		}
	})
	bubble(t, "connection hangs, every request", setup{}, func(d *desk) {
		d.begin()
		d.pd.Fail(pdserver.On("", "/", 0, pdserver.Failure{Delay: 24 * time.Hour, Drop: true}))
		d.press("a")
		d.until(every+12*time.Second, `pd \d+s!`) // the interval and the deadline
		d.until(30*time.Second, `pd \d+[sm]!!`)
		d.see("no answer in time")
		d.well("prom", "gh")
		d.honestly(time.Minute)
		if got := d.states(oncall.Acknowledge); slices.Contains(got, oncall.Confirmed) {
			d.Errorf("the ack was %v", got)
		}
		d.pd.Fail(nil)
		d.until(75*time.Second, "acked by you")
		d.until(75*time.Second, `pd \d+s  `)
		if n := d.logged(); n != 1 {
			d.Errorf("%d acks are logged", n)
		}
	})
}

// TestResetAfterProcessed is the rows "TCP reset after the server has processed
// the ack" and "same for a note".
func TestResetAfterProcessed(t *testing.T) {
	bubble(t, "TCP reset after the server has processed the ack", setup{}, func(d *desk) {
		d.begin()
		// The look that reconciles fails too, for a while.
		var dark atomic.Bool
		d.pd.Fail(func(r *http.Request) *pdserver.Failure {
			switch {
			case r.Method == http.MethodPut:
				dark.Store(true)
				return &pdserver.Failure{DropAfter: true}
			case dark.Load():
				return &pdserver.Failure{Drop: true}
			}
			return nil
		})
		d.press("a")
		d.pass(hold + time.Second)
		d.see("ack unconfirmed")
		d.unseen("acked by you", "acknowledged")
		if d.state().Status != "acknowledged" {
			d.Error("the pager has not processed it")
		}
		d.pd.Fail(nil)
		d.until(45*time.Second, "acked by you")
		if n := d.logged(); n != 1 {
			d.Errorf("%d acks are logged", n)
		}
		d.well("prom", "gh")
	})
	bubble(t, "TCP reset after the server has processed the note", setup{}, func(d *desk) {
		d.begin()
		d.pd.Fail(pdserver.On(http.MethodPost, "/incidents/", 1, pdserver.Failure{DropAfter: true}))
		d.note()
		d.until(30*time.Second, "note confirmed")
		d.pass(2 * time.Minute)
		if n := len(d.state().Notes); n != 1 {
			d.Errorf("%d notes are there", n)
		}
	})
	bubble(t, "TCP reset before the server has processed the note", setup{}, func(d *desk) {
		d.begin()
		d.pd.Fail(pdserver.On(http.MethodPost, "/incidents/", 1, pdserver.Failure{Drop: true}))
		sent := time.Now()
		d.note()
		d.see("note unconfirmed")
		d.pass(13 * time.Second)
		if n := len(d.state().Notes); n != 0 {
			d.Errorf("%d notes within the settle time", n)
		}
		d.until(time.Minute, "note confirmed")
		if time.Since(sent) < 15*time.Second {
			d.Error("it was sent again within the settle time")
		}
		d.pass(2 * time.Minute)
		if n := len(d.state().Notes); n != 1 {
			d.Errorf("%d notes are there", n)
		}
	})
}

// TestLateDelivery is the row "response delayed past timeout, request delivered
// late", in both orders: the late request lands before and after the next try.
func TestLateDelivery(t *testing.T) {
	for name, after := range map[string]time.Duration{"before": 10300 * time.Millisecond, "after": 50 * time.Second} {
		bubble(t, "an ack delivered late, "+name+" the next try", setup{}, func(d *desk) {
			d.begin()
			d.late(http.MethodPut, "/incidents", after)
			d.press("a")
			d.honestly(90 * time.Second)
			d.see("acked by you")
			d.unseen("undelivered", "unconfirmed")
			// What lands after the next try is a second ack by the pager's own doing.
			want := 1
			if name == "after" {
				want = 2
			}
			if n := d.logged(); n != want {
				d.Errorf("%d acks are logged, want %d", n, want)
			}
			if got := d.states(oncall.Acknowledge); got[len(got)-1] != oncall.Confirmed || !slices.Contains(got, oncall.Unconfirmed) {
				d.Errorf("the ack was %v", got)
			}
		})
	}
	for name, after := range map[string]time.Duration{"at once": time.Second, "after the client gave up": 11 * time.Second, "at the end of the settle time": 22 * time.Second} {
		bubble(t, "a note delivered late, "+name, setup{}, func(d *desk) {
			d.begin()
			d.late(http.MethodPost, "/incidents/", after)
			d.note()
			d.until(90*time.Second, "note confirmed")
			d.pass(3 * time.Minute)
			if n := len(d.state().Notes); n != 1 {
				d.Errorf("%d notes are there", n)
			}
		})
	}
	bubble(t, "a note delivered later than the settle time", setup{}, func(d *desk) {
		d.begin()
		d.late(http.MethodPost, "/incidents/", 2*time.Minute)
		d.note()
		d.until(90*time.Second, "note confirmed")
		d.until(10*time.Minute, "the note is there 2 times")
		if n := len(d.state().Notes); n != 2 {
			d.Errorf("%d notes are there", n)
		}
		d.pass(2 * time.Minute)
		d.press("t") // the page's timeline
		d.see("second copy")
	})
}
