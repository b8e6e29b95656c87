package feed

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
)

func TestOutboxNotesInDoubt(t *testing.T) {
	lost := &oncall.Fault{Kind: oncall.Unavailable, Ambiguous: true}
	down := &oncall.Fault{Kind: oncall.Unavailable}
	first := func(err error, verbs ...string) func(context.Context, string, int) error {
		return func(_ context.Context, verb string, n int) error {
			if n == 0 && strings.Contains(strings.Join(verbs, " "), verb) {
				return err
			}
			return nil
		}
	}
	looking := strings.Repeat(" unconfirmed#1+2s!", 7) + " unconfirmed#1+1s!"
	for name, c := range map[string]struct {
		do     func(context.Context, string, int) error
		arrive time.Duration // when the first note arrives after all; 0 for never
		notes  int
		want   string
	}{
		"it arrived":         {first(lost, "note"), 1, 1, "sending#0 unconfirmed#1+2s! confirmed#1"},
		"it arrives late":    {first(lost, "note"), 5 * time.Second, 1, "sending#0 unconfirmed#1+2s! unconfirmed#1+2s! unconfirmed#1+2s! confirmed#1"},
		"at the last moment": {first(lost, "note"), defaultSettle - 1, 1, "sending#0" + looking + " confirmed#1"},
		"never":              {first(lost, "note"), 0, 2, "sending#0" + looking + " sending#2! confirmed#2"},
		"looking fails":      {first(lost, "note", "look"), 1, 1, "sending#0 unconfirmed#1+2s! unconfirmed#1+500ms! confirmed#1"},
		"looking is refused": {func(_ context.Context, verb string, n int) error {
			return cond(verb == "note" || n < 3, error(&oncall.Fault{Kind: cond(verb == "note", oncall.Unavailable, oncall.Rejected), Ambiguous: verb == "note"}), nil)
		}, 1, 1, "sending#0 unconfirmed#1+2s! unconfirmed#1+500ms! unconfirmed#1+1s! unconfirmed#1+2s! confirmed#1"},
		"malformed, arrived": {first(&oncall.Fault{Kind: oncall.Malformed, Ambiguous: true}, "note"), 1, 1, "sending#0 unconfirmed#1+2s! confirmed#1"},
		"malformed, never":   {first(&oncall.Fault{Kind: oncall.Malformed, Ambiguous: true}, "note"), 0, 1, "sending#0" + looking + " refused#1!"},
		"not sent, no doubt": {first(down, "note"), 0, 2, "sending#0 sending#1+500ms! sending#2! confirmed#2"},
		"then not sent at all": {
			func(_ context.Context, verb string, n int) error {
				return cond(verb == "note" && n < 2, error(cond(n == 0, lost, down)), nil)
			}, 0, 3, "sending#0" + looking + " sending#2! unconfirmed#2+1s! sending#3! confirmed#3",
		},
		"later than it may": {
			func(_ context.Context, verb string, n int) error {
				return cond(verb == "note" && n < 2, error(cond(n == 0, lost, down)), nil)
			}, defaultSettle + 500*time.Millisecond, 2, "sending#0" + looking + " sending#2! unconfirmed#2+1s! confirmed#2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &pager{do: c.do}
				o := open(t, p)
				if c.arrive > 0 {
					time.AfterFunc(c.arrive, func() { p.arrive("1") })
				}
				o.Submit(action("1", oncall.Annotate, "P1"))
				if err := o.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				o.stop()
				want(t, name, o.log("1"), c.want)
				if p.count["note"] != c.notes {
					t.Errorf("sent %d times, want %d", p.count["note"], c.notes)
				}
			})
		})
	}
}

func cond[T any](b bool, yes, no T) T {
	if b {
		return yes
	}
	return no
}

func TestOutboxSurvivesPanics(t *testing.T) {
	for _, verb := range []string{"ack", "resolve", "note", "look"} {
		t.Run(verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &pager{do: func(_ context.Context, v string, _ int) error {
					if v == verb {
						panic("secret")
					}
					return &oncall.Fault{Kind: oncall.Unavailable, Ambiguous: true}
				}}
				var log bytes.Buffer
				o := prepare(p)
				o.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
				o.run(t)
				kind := map[string]oncall.ActionKind{"resolve": oncall.Resolve, "note": oncall.Annotate, "look": oncall.Annotate}[verb]
				o.Submit(action("1", kind, "P1"))
				if err := o.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				o.stop()
				all := o.all()
				last := all[len(all)-1].(oncall.ActionEvent)
				if last.State != oncall.Refused || last.Err.Kind != oncall.Rejected || last.Action.Text == "" {
					t.Errorf("got %+v", last)
				}
				if strings.Contains(last.Err.Error()+log.String(), "secret") || !strings.Contains(log.String(), "outbox_test.go") {
					t.Errorf("fault %v\nlog %s", last.Err, &log)
				}
			})
		})
	}
}

// A call that the end of Run cuts short is in doubt, not lost: the next Run goes
// on with it.
func TestOutboxRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{do: func(ctx context.Context, verb string, n int) error {
			if verb == "look" || n > 0 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		o := open(t, p)
		o.Submit(action("ack", oncall.Acknowledge, "P1"))
		o.Submit(action("note", oncall.Annotate, "P2"))
		time.Sleep(time.Second)
		if err := o.Run(t.Context()); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("a second Run at once got %v", err)
		}
		o.stop()
		want(t, "ack", o.log("ack"), "sending#0 unconfirmed#1+500ms!")
		want(t, "note", o.log("note"), "sending#0 unconfirmed#1+2s!")
		p.arrive("note")
		o.run(t)
		if err := o.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		o.stop()
		want(t, "ack again", o.log("ack"), "sending#0 unconfirmed#1+500ms! sending#2! confirmed#2")
		want(t, "note again", o.log("note"), "sending#0 unconfirmed#1+2s! confirmed#1")
	})
}
