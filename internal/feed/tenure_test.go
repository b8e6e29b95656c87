package feed

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
)

// A process that may have been given up sends no note that another may be
// sending, goes on with what is harmless to send twice, and asks what it still
// has.
func TestOutboxWaitsForItsTenure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		p := &pager{}
		j := &journal{do: func(verb string, n int) error {
			return cond(verb == "pending" && n > 0 && away.Load(), errors.New("away"), nil)
		}}
		o := recording(p, j)
		o.opts.Tenured = func() error { return cond(away.Load(), errors.New("not reached"), nil) }
		o.run(t)
		o.Submit(action("note", oncall.Annotate, "P1"))
		o.Submit(action("ack", oncall.Acknowledge, "P2"))
		time.Sleep(time.Minute)
		want(t, "meanwhile", p.said(), "ack P2")
		away.Store(false)
		time.Sleep(time.Minute)
		want(t, "afterwards", p.said(), "ack P2, note P1")
		o.stop()
		want(t, "the end", j.settled["note"].String(), "confirmed")
	})
}

// What somebody else took over is let go of and not sent.
func TestOutboxYieldsWhatWasTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		p, j := &pager{}, &journal{}
		o := recording(p, j)
		o.opts.Tenured = func() error { return cond(away.Load(), errors.New("not reached"), nil) }
		o.run(t)
		o.Submit(action("lost", oncall.Annotate, "P1"))
		o.Submit(action("mine", oncall.Annotate, "P2"))
		time.Sleep(time.Second)
		j.mu.Lock()
		j.kept = j.kept[1:]
		j.mu.Unlock()
		time.Sleep(time.Minute)
		away.Store(false)
		o.flush(t)
		o.stop()
		want(t, "sent", p.said(), "note P2")
		want(t, "recorded", j.log(), "record lost, record mine, settle mine confirmed")
	})
}
