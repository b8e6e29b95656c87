package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
)

// journal keeps actions in memory. do is asked before each call by what it is
// ("record", "settle", "pending") and how many times that was before.
type journal struct {
	do func(verb string, n int) error

	mu      sync.Mutex
	said    []string
	count   map[string]int
	kept    []oncall.Action
	settled map[string]oncall.ActionState
}

func (j *journal) call(verb, what string) error {
	j.mu.Lock()
	if j.count == nil {
		j.count, j.settled = map[string]int{}, map[string]oncall.ActionState{}
	}
	n := j.count[verb]
	j.count[verb]++
	if verb != "pending" {
		j.said = append(j.said, verb+" "+what)
	}
	j.mu.Unlock()
	if j.do == nil {
		return nil
	}
	return j.do(verb, n)
}

func (j *journal) Record(_ context.Context, a oncall.Action) error {
	if err := j.call("record", a.ID); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kept = append(j.kept, a)
	return nil
}

func (j *journal) Settled(_ context.Context, id string, s oncall.ActionState, _ *oncall.Fault) error {
	if err := j.call("settle", id+" "+s.String()); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settled[id] = s
	return nil
}

func (j *journal) Pending(context.Context) ([]oncall.Action, error) {
	if err := j.call("pending", ""); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []oncall.Action
	for _, a := range j.kept {
		if _, ok := j.settled[a.ID]; !ok {
			out = append(out, a)
		}
	}
	return out, nil
}

func (j *journal) log() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.said, ", ")
}

// recording prepares an outbox with a journal.
func recording(p *pager, j *journal) *office {
	o := prepare(p)
	o.opts.Journal = j
	return o
}

// lasting takes d for each call.
func lasting(d time.Duration) func(string, int) error {
	return func(string, int) error {
		time.Sleep(d)
		return nil
	}
}

func (o *office) flush(t *testing.T) {
	t.Helper()
	if err := o.Flush(t.Context()); err != nil || o.Pending() != 0 {
		t.Errorf("flush: %v, %d pending", err, o.Pending())
	}
}

func TestOutboxRecordsBeforeItSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, j := &pager{}, &journal{do: lasting(time.Second)}
		o := recording(p, j)
		start := time.Now()
		o.Submit(held("held", 5*time.Second))
		o.Submit(action("note", oncall.Annotate, "P2"))
		o.Submit(held("short", time.Millisecond))
		if d := time.Since(start); d != 0 {
			t.Errorf("submitting took %v", d)
		}
		time.Sleep(time.Minute)
		want(t, "before Run", o.log("held")+" "+o.log("note")+j.log(), "recording#0 recording#0")
		o.run(t)
		time.Sleep(2500 * time.Millisecond)
		want(t, "one of three recorded", o.log("held")+", "+o.log("note"), "recording#0 sending#0 confirmed#1, recording#0")
		o.flush(t)
		o.stop()
		want(t, "in order", j.log(),
			"record held, record note, record short, settle held confirmed, settle note confirmed, settle short confirmed")
		want(t, "sent", p.said(), "ack P1, note P2, ack P1")
		for _, id := range []string{"note", "short"} {
			want(t, id, o.log(id), "recording#0 sending#0 confirmed#1")
		}
	})
}

func TestOutboxHoldsWhatIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, j := &pager{}, &journal{do: lasting(time.Millisecond)}
		o := recording(p, j)
		o.run(t)
		o.Submit(held("1", 3*time.Second))
		time.Sleep(2 * time.Second)
		want(t, "recorded", o.log("1")+", "+j.log(), "recording#0 held#0, record 1")
		time.Sleep(2 * time.Second)
		o.stop()
		want(t, "sent", o.log("1"), "recording#0 held#0 sending#0 confirmed#1")
	})
}

func TestOutboxRefusesWhatCannotBeRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{}
		full := errors.New("database or disk is full")
		j := &journal{do: func(_ string, n int) error { return cond(n < 2, full, nil) }}
		o := recording(p, j)
		o.run(t)
		a := action("1", oncall.Annotate, "P1")
		o.Submit(a)
		time.Sleep(100 * time.Millisecond)
		want(t, "refused", o.log("1")+p.said(), "recording#0 refused#0!")
		all := o.all()
		last := all[slices.IndexFunc(all, func(e oncall.Event) bool {
			a, ok := e.(oncall.ActionEvent)
			return ok && a.State == oncall.Refused
		})].(oncall.ActionEvent)
		want(t, "why", last.Err.Error(),
			"ledger: record the note: unavailable: database or disk is full; free disk space, or send it unrecorded")
		if last.Action.Text != a.Text || !errors.Is(last.Err, full) {
			t.Errorf("got %+v", last)
		}
		a.Unrecorded = true
		o.Submit(a)
		o.flush(t)
		want(t, "the override", o.log("1"), "recording#0 refused#0! sending#0 confirmed#1")
		time.Sleep(time.Minute)
		o.stop()
		// The journal is told that the first one will not be sent, until it listens.
		want(t, "told", j.log(), "record 1, settle 1 refused, settle 1 refused, settle 1 refused")
		var health []string
		for _, e := range o.all() {
			if h, ok := e.(oncall.HealthEvent); ok {
				health = append(health, fmt.Sprintf("%s %v %d", h.Source, h.Up, h.Attempt))
			}
		}
		if len(health) == 0 || health[len(health)-1] != "ledger true 0" || health[0] != "ledger false 1" {
			t.Errorf("health: %v", health)
		}
	})
}

func TestOutboxDoesNotWaitForADeadDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, j := &pager{}, &journal{}
		o := recording(p, j)
		o.opts.Journal = hung{}
		o.run(t)
		o.Submit(action("1", oncall.Acknowledge, "P1"))
		time.Sleep(time.Second)
		b := action("2", oncall.Acknowledge, "P1")
		b.Unrecorded = true
		o.Submit(b)
		time.Sleep(time.Second)
		want(t, "unrecorded", o.log("2"), "sending#0 confirmed#1")
		want(t, "recorded", o.log("1"), "recording#0")
		time.Sleep(time.Minute)
		want(t, "given up", o.log("1"), "recording#0 refused#0!")
		o.Submit(action("3", oncall.Acknowledge, "P1"))
		start := time.Now()
		o.stop()
		if d := time.Since(start); d > recordTimeout+closeTimeout {
			t.Errorf("ending took %v", d)
		}
		want(t, "at the end", o.log("3"), "recording#0 refused#0!")
		var why string
		for _, e := range o.all() {
			if a, ok := e.(oncall.ActionEvent); ok && a.Action.ID == "1" && a.Err != nil {
				why = a.Err.Detail
			}
		}
		want(t, "why", why, "it did not answer within 10s")
	})
}

// hung is a disk that never answers.
type hung struct{}

func (hung) Record(ctx context.Context, _ oncall.Action) error { return never(ctx) }
func (hung) Settled(ctx context.Context, _ string, _ oncall.ActionState, _ *oncall.Fault) error {
	return never(ctx)
}
func (hung) Pending(ctx context.Context) ([]oncall.Action, error) { return nil, never(ctx) }

func never(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestOutboxCancelsDurably(t *testing.T) {
	for name, c := range map[string]struct {
		wait    time.Duration // when it is cancelled; each record takes a second
		fails   string
		log     string
		journal string
	}{
		"before it is recorded": {500 * time.Millisecond, "", "recording#0 cancelled#0", "record first"},
		"meanwhile":             {1500 * time.Millisecond, "", "recording#0 cancelled#0", "record first, record 1, settle 1 cancelled"},
		"and it fails":          {1500 * time.Millisecond, "record", "recording#0 cancelled#0!", "record first, record 1, settle 1 cancelled"},
		"afterwards":            {2500 * time.Millisecond, "", "recording#0 held#0 cancelled#0", "record first, record 1, settle 1 cancelled"},
		"the end is not kept":   {2500 * time.Millisecond, "settle", "recording#0 held#0 cancelled#0!", "record first, record 1, settle 1 cancelled, settle 1 cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &pager{}
				j := &journal{}
				j.do = func(verb string, n int) error {
					if verb == "pending" {
						return nil
					}
					time.Sleep(time.Second)
					if verb == c.fails && n == cond(verb == "record", 1, 0) {
						return errors.New("no")
					}
					return nil
				}
				o := recording(p, j)
				o.run(t)
				o.Submit(held("first", time.Hour))
				o.Submit(held("1", time.Hour))
				time.Sleep(c.wait)
				if !o.Cancel("1") || o.Cancel("1") {
					t.Error("it can be cancelled once")
				}
				if c.wait > 500*time.Millisecond && strings.Contains(o.log("1"), "cancelled") {
					t.Error("it is called cancelled before that is durable")
				}
				time.Sleep(time.Minute)
				want(t, "told", o.log("1"), c.log)
				want(t, "kept", j.log(), c.journal)
				want(t, "sent", p.said(), "")
				o.stop()
			})
		})
	}
}

func TestOutboxAdopts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{}
		j := &journal{}
		now := time.Now()
		left := func(id string, kind oncall.ActionKind, page string, age time.Duration) {
			a := action(id, kind, page)
			a.At = now.Add(-age)
			if kind != oncall.Annotate {
				a.NotBefore = a.At.Add(3 * time.Second)
			}
			j.kept = append(j.kept, a)
		}
		left("fresh", oncall.Acknowledge, "P1", time.Second)
		left("old", oncall.Acknowledge, "P2", 3*time.Hour+20*time.Minute)
		left("old resolve", oncall.Resolve, "P2", 2*time.Hour)
		left("arrived", oncall.Annotate, "P3", 9*time.Hour)
		left("lost", oncall.Annotate, "P4", 9*time.Hour)
		j.kept = append(j.kept, oncall.Action{ID: "gone", Kind: oncall.Annotate, Target: oncall.Ref{Source: "gone", ID: "P1"}, Text: "x"})
		p.arrive("arrived")
		o := recording(p, j)
		o.Submit(action("new", oncall.Annotate, "P1"))
		o.run(t)
		time.Sleep(time.Second)
		if o.Cancel("fresh") {
			t.Error("what another session accepted can be cancelled")
		}
		want(t, "fresh", o.log("fresh"), "unconfirmed#0! sending#1! confirmed#1")
		want(t, "new, after it", o.log("new"), "recording#0 sending#0 confirmed#1")
		want(t, "old", o.log("old")+", "+o.log("old resolve"), "refused#0!, refused#0!")
		want(t, "arrived", o.log("arrived"), "unconfirmed#0! confirmed#0")
		want(t, "gone", o.log("gone"), "refused#0!")
		o.flush(t)
		lost := o.log("lost")
		if !strings.HasPrefix(lost, "unconfirmed#0! unconfirmed#0+2s!") || !strings.HasSuffix(lost, "sending#1! confirmed#1") {
			t.Errorf("lost: %s", lost)
		}
		for i, at := range p.at {
			if p.calls[i] == "note P4" && at.Sub(now) < defaultSettle {
				t.Errorf("the lost note was sent again after %v", at.Sub(now))
			}
		}
		var why []string
		for _, e := range o.all() {
			if a, ok := e.(oncall.ActionEvent); ok && a.State == oncall.Refused {
				why = append(why, a.Err.Error())
			}
		}
		want(t, "why", strings.Join(why, "\n"), strings.Join([]string{
			"pd: ack P2: refused: it is 3 h old and was not sent; ack it again if it is still right",
			"pd: resolve P2: refused: it is 2 h old and was not sent; resolve it again if it is still right",
			`gone: refused: there is no source called "gone"; check the names of the sources in the config`,
		}, "\n"))
		o.stop()
		if left, _ := j.Pending(t.Context()); len(left) > 0 {
			t.Errorf("never settled: %v", left)
		}
		if n := strings.Count(p.said(), "note P3"); n != 0 {
			t.Errorf("a note that had arrived was sent %d times", n)
		}
	})
}

// What a cockpit that died leaves behind is taken over while another one runs,
// and the journal's failure to say delays nothing else.
func TestOutboxTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{}
		j := &journal{do: func(verb string, n int) error {
			return cond(verb == "pending" && n < 2, errors.New("damaged"), nil)
		}}
		o := recording(p, j)
		o.run(t)
		o.Submit(action("mine", oncall.Acknowledge, "P1"))
		time.Sleep(time.Second)
		want(t, "mine", o.log("mine"), "recording#0 sending#0 confirmed#1")
		time.Sleep(time.Minute)
		theirs := action("theirs", oncall.Acknowledge, "P2")
		theirs.At = time.Now()
		if err := j.Record(t.Context(), theirs); err != nil {
			t.Fatal(err)
		}
		time.Sleep(takeOverEvery)
		want(t, "theirs", o.log("theirs"), "unconfirmed#0! sending#1! confirmed#1")
		time.Sleep(3 * takeOverEvery)
		want(t, "once", p.said(), "ack P1, ack P2")
		o.stop()
	})
}

func TestOutboxRefusesAfterALongSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{}
		o := recording(p, &journal{})
		var slept time.Duration
		var mu sync.Mutex
		o.opts.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(slept)
		}
		o.run(t)
		a := held("1", 3*time.Second)
		a.At = time.Now()
		o.Submit(a)
		time.Sleep(time.Second)
		mu.Lock()
		slept = 6 * time.Hour
		mu.Unlock()
		time.Sleep(time.Minute)
		o.stop()
		want(t, "sent", p.said(), "")
		want(t, "told", o.log("1"), "recording#0 held#0 refused#0!")
	})
}

// A wall clock that is set neither shortens nor prolongs what is waited for.
func TestOutboxWaitsByItsOwnClock(t *testing.T) {
	for _, set := range []time.Duration{-time.Hour, 30 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			p := &pager{do: func(_ context.Context, verb string, n int) error {
				return cond(verb == "note" && n == 0, error(&oncall.Fault{Kind: oncall.Unavailable, Ambiguous: true}), nil)
			}}
			o := prepare(p)
			var mu sync.Mutex
			var off time.Duration
			start := time.Now()
			o.opts.Now = func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return time.Now().Round(0).Add(off)
			}
			o.run(t)
			o.Submit(held("ack", 3*time.Second))
			o.Submit(action("note", oncall.Annotate, "P2"))
			time.Sleep(time.Second)
			mu.Lock()
			off = set
			mu.Unlock()
			o.Submit(action("news", oncall.Annotate, "P3"))
			time.Sleep(time.Minute)
			o.stop()
			for i, call := range p.calls {
				switch d := p.at[i].Sub(start); {
				case call == "ack P1" && d != 3*time.Second,
					call == "note P2" && i > 1 && d < defaultSettle:
					t.Errorf("clock set by %v: %s after %v", set, call, d)
				}
			}
			want(t, "all sent", fmt.Sprint(strings.Count(p.said(), "ack P1"), strings.Count(p.said(), "note P2")), "1 2")
		})
	}
}

func TestOutboxRecordsTheRestAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, j := &pager{}, &journal{do: lasting(100 * time.Millisecond)}
		o := recording(p, j)
		o.run(t)
		time.Sleep(time.Second)
		for i := range 5 {
			o.Submit(held(fmt.Sprint(i), time.Second))
		}
		o.stop()
		for i := range 5 {
			want(t, "accepted", o.log(fmt.Sprint(i)), "recording#0 held#0")
		}
		again := recording(p, j)
		again.run(t)
		time.Sleep(10 * time.Second)
		again.stop()
		if n := strings.Count(p.said(), "ack"); n != 5 {
			t.Errorf("%d of 5 were delivered by the next session", n)
		}
	})
}

func TestOutboxSurvivesAPanickingJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{}
		j := &journal{do: func(_ string, n int) error {
			if n == 0 {
				panic("secret")
			}
			return nil
		}}
		var log bytes.Buffer
		o := recording(p, j)
		o.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.run(t)
		o.Submit(action("1", oncall.Acknowledge, "P1"))
		o.Submit(action("2", oncall.Acknowledge, "P1"))
		time.Sleep(time.Minute)
		o.stop()
		want(t, "the first", o.log("1"), "recording#0 refused#0!")
		want(t, "the second", o.log("2"), "recording#0 sending#0 confirmed#1")
		if strings.Contains(log.String(), "secret") {
			t.Errorf("log %s", &log)
		}
	})
}

// counting is a pager that can count the copies of a note.
type counting struct {
	*pager
	copies func() int
}

func (c counting) CountNotes(ctx context.Context, id, _ string) (int, error) {
	err := c.call(ctx, "look", id)
	return c.copies(), err
}

func TestOutboxFindsASecondCopy(t *testing.T) {
	lost := &oncall.Fault{Kind: oncall.Unavailable, Ambiguous: true}
	for name, c := range map[string]struct {
		second time.Duration // when the lost one arrives after all, 0 for never
		want   string
	}{
		"never":             {0, ""},
		"after a while":     {time.Minute, " confirmed#2!"},
		"after a long time": {50 * time.Minute, " confirmed#2!"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				p := &pager{do: func(_ context.Context, verb string, n int) error {
					return cond(verb == "note" && n == 0, error(lost), nil)
				}}
				o := prepare(p)
				o.opts.Sources["pd"] = counting{p, func() int {
					d := time.Since(start)
					return cond(d > defaultSettle+time.Second, 1, 0) + cond(c.second > 0 && d >= c.second, 1, 0)
				}}
				o.run(t)
				o.Submit(action("1", oncall.Annotate, "P1"))
				o.flush(t)
				before := o.log("1")
				time.Sleep(2 * time.Hour)
				o.stop()
				want(t, "told", strings.TrimPrefix(o.log("1"), before), c.want)
				if c.want == "" {
					return
				}
				all := o.all()
				last := all[len(all)-1].(oncall.ActionEvent)
				want(t, "why", last.Err.Error(),
					"pd: note P1: done twice: the note is there 2 times: one came later than it should have; nothing is lost")
			})
		})
	}
}
