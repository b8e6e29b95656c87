package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// pager is a source with all abilities. do answers each of them by what is
// asked ("ack", "resolve", "note", "look") and how many times that was before.
type pager struct {
	script
	do func(ctx context.Context, verb string, n int) error

	mu    sync.Mutex
	calls []string
	at    []time.Time
	count map[string]int
	notes map[string]bool
}

func (p *pager) call(ctx context.Context, verb, id string) error {
	p.mu.Lock()
	n := p.count[verb]
	if p.count == nil {
		p.count = map[string]int{}
	}
	p.count[verb]++
	p.calls = append(p.calls, verb+" "+id)
	p.at = append(p.at, time.Now())
	p.mu.Unlock()
	if p.do == nil {
		return nil
	}
	return p.do(ctx, verb, n)
}

func (p *pager) Acknowledge(ctx context.Context, id string) error { return p.call(ctx, "ack", id) }
func (p *pager) Resolve(ctx context.Context, id string) error     { return p.call(ctx, "resolve", id) }
func (p *pager) Annotate(ctx context.Context, id, _ string) error { return p.call(ctx, "note", id) }
func (p *pager) NoteExists(ctx context.Context, id, text string) (bool, error) {
	err := p.call(ctx, "look", id)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.notes[text], err
}

// arrive puts the note of action id on the page.
func (p *pager) arrive(id string) {
	text := action(id, oncall.Annotate, "").MarkedText()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.notes == nil {
		p.notes = map[string]bool{}
	}
	p.notes[text] = true
}

func (p *pager) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.calls, ", ")
}

// office is an outbox that runs in fake time, with what it emitted.
type office struct {
	*Outbox
	*recorder
	stop func()
}

// open runs an outbox for the sources "pd" and "mute", which can do nothing.
func open(t *testing.T, p *pager) *office {
	t.Helper()
	o := prepare(p)
	o.run(t)
	return o
}

func prepare(p *pager) *office {
	r := newRecorder()
	return &office{recorder: r, Outbox: NewOutbox(OutboxOptions{
		Sources: map[string]sources.Source{"pd": p, "mute": &script{name: "mute"}},
		Emit:    r.emit, Rand: half,
	})}
}

func (o *office) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	o.stop = func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	}
}

// log writes an action's events as "state", "state#attempt" and "+wait", with
// the pauses between them left out.
func (o *office) log(id string) string {
	o.recorder.mu.Lock()
	defer o.recorder.mu.Unlock()
	var out []string
	for i, e := range o.events {
		a, ok := e.(oncall.ActionEvent)
		if !ok || a.Action.ID != id {
			continue
		}
		s := fmt.Sprintf("%s#%d", a.State, a.Attempt)
		if !a.NextTry.IsZero() {
			s += fmt.Sprintf("+%v", a.NextTry.Sub(o.start)-o.after[i])
		}
		if a.Err != nil {
			s += "!"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\ngot  %s\nwant %s", what, got, want)
	}
}

func action(id string, kind oncall.ActionKind, page string) oncall.Action {
	return oncall.Action{ID: id, Kind: kind, Target: oncall.Ref{Source: "pd", ID: page}, Text: "text " + id}
}

// answers gives one answer after the other, the last for ever.
func answers(errs ...error) func(context.Context, string, int) error {
	return func(_ context.Context, _ string, n int) error { return errs[min(n, len(errs)-1)] }
}

func TestOutboxDelivers(t *testing.T) {
	passing := &oncall.Fault{Kind: oncall.Unavailable, Source: "pd"}
	lost := &oncall.Fault{Kind: oncall.Unavailable, Source: "pd", Ambiguous: true}
	limited := &oncall.Fault{Kind: oncall.RateLimited, RetryAfter: 10 * time.Second}
	auth := &oncall.Fault{Kind: oncall.Auth}
	rejected := &oncall.Fault{Kind: oncall.Rejected, Detail: "the page is resolved"}
	malformed := &oncall.Fault{Kind: oncall.Malformed, Ambiguous: true}
	hangs := func(ctx context.Context, _ string, n int) error {
		if n > 0 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	for name, c := range map[string]struct {
		kind oncall.ActionKind
		do   func(context.Context, string, int) error
		want string
	}{
		"an ack":              {oncall.Acknowledge, answers(nil), "sending#0 confirmed#1"},
		"a resolve":           {oncall.Resolve, answers(nil), "sending#0 confirmed#1"},
		"a note":              {oncall.Annotate, answers(nil), "sending#0 confirmed#1"},
		"retried":             {oncall.Acknowledge, answers(passing, passing, nil), "sending#0 sending#1+500ms! sending#2! sending#2+1s! sending#3! confirmed#3"},
		"rate limited":        {oncall.Resolve, answers(limited, nil), "sending#0 sending#1+10.5s! sending#2! confirmed#2"},
		"not authorised":      {oncall.Acknowledge, answers(auth, auth, nil), "sending#0 sending#1+30s! sending#2! sending#2+30s! sending#3! confirmed#3"},
		"refused":             {oncall.Acknowledge, answers(rejected), "sending#0 refused#1!"},
		"not understood":      {oncall.Acknowledge, answers(malformed), "sending#0 refused#1!"},
		"refused after retry": {oncall.Resolve, answers(passing, rejected), "sending#0 sending#1+500ms! sending#2! refused#2!"},
		"a lost answer":       {oncall.Acknowledge, answers(lost, nil), "sending#0 unconfirmed#1+500ms! sending#2! confirmed#2"},
		"no answer at all":    {oncall.Resolve, hangs, "sending#0 unconfirmed#1+500ms! sending#2! confirmed#2"},
		"still in doubt":      {oncall.Acknowledge, answers(lost, passing, nil), "sending#0 unconfirmed#1+500ms! sending#2! unconfirmed#2+1s! sending#3! confirmed#3"},
		"a plain error":       {oncall.Acknowledge, answers(errors.New("x"), nil), "sending#0 unconfirmed#1+500ms! sending#2! confirmed#2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := open(t, &pager{do: c.do})
				o.Submit(action("1", c.kind, "P1"))
				if err := o.Flush(t.Context()); err != nil || o.Pending() != 0 {
					t.Errorf("flush: %v, %d pending", err, o.Pending())
				}
				o.stop()
				want(t, name, o.log("1"), c.want)
			})
		})
	}
}

func TestOutboxRetriesForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{do: answers(&oncall.Fault{Kind: oncall.Unavailable, Source: "pd"})}
		o := open(t, p)
		o.Submit(action("1", oncall.Acknowledge, "P1"))
		time.Sleep(10 * time.Hour)
		o.stop()
		if n := len(p.at); n < 2000 || n > 5000 || o.Pending() != 1 {
			t.Errorf("%d tries, %d pending", n, o.Pending())
		}
		for i := 7; i < len(p.at); i++ {
			if d := p.at[i].Sub(p.at[i-1]); d > maxRetryDelay {
				t.Fatalf("try %d came after %v", i, d)
			}
		}
	})
}

func TestOutboxUnable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, &pager{})
		for i, c := range []struct {
			source string
			kind   oncall.ActionKind
			want   string
		}{
			{"mute", oncall.Acknowledge, "mute cannot acknowledge"},
			{"mute", oncall.Resolve, "mute cannot resolve"},
			{"mute", oncall.Annotate, "mute cannot take notes"},
			{"pd", oncall.ActionKind(99), "pd cannot action"},
			{"gone", oncall.Acknowledge, `there is no source called "gone"`},
		} {
			id := fmt.Sprint(i)
			a := action(id, c.kind, "P1")
			a.Target.Source, a.NotBefore = c.source, time.Now().Add(time.Second)
			o.Submit(a)
			want(t, c.want, o.log(id), "refused#0!")
			e := o.all()[i].(oncall.ActionEvent)
			if !strings.Contains(e.Err.Error(), c.want) || e.Source != c.source || e.Action.Text == "" {
				t.Errorf("got %+v, want %q", e, c.want)
			}
		}
		if err := o.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		o.stop()
	})
}

func held(id string, d time.Duration) oncall.Action {
	a := action(id, oncall.Acknowledge, "P1")
	a.NotBefore = time.Now().Add(d)
	return a
}

func TestOutboxHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{}
		o := open(t, p)
		o.Submit(held("kept", 3*time.Second))
		o.Submit(held("taken back", 3*time.Second))
		o.Submit(action("behind", oncall.Annotate, "P1"))
		o.Submit(action("beside", oncall.Annotate, "P2"))
		time.Sleep(2 * time.Second)
		if !o.Cancel("taken back") || o.Cancel("taken back") || o.Cancel("behind") || o.Cancel("nobody") || o.Cancel("") {
			t.Error("only what is held can be cancelled, once")
		}
		want(t, "before the time is up", p.said(), "note P2")
		time.Sleep(2 * time.Second)
		if o.Cancel("kept") {
			t.Error("cancelled what was sent")
		}
		o.stop()
		want(t, "in order", p.said(), "note P2, ack P1, note P1")
		want(t, "kept", o.log("kept"), "held#0 sending#0 confirmed#1")
		want(t, "taken back", o.log("taken back"), "held#0 cancelled#0")
		want(t, "behind", o.log("behind"), "sending#0 confirmed#1")
		for i, e := range o.all() {
			if a := e.(oncall.ActionEvent); a.Action.ID == "kept" && a.State == oncall.Sending && o.after[i] != 3*time.Second {
				t.Errorf("held for %v", o.after[i])
			}
		}
	})
}

func TestOutboxFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pager{do: func(_ context.Context, verb string, _ int) error {
			if verb == "resolve" {
				return &oncall.Fault{Kind: oncall.Auth}
			}
			time.Sleep(100 * time.Millisecond)
			return nil
		}}
		o := open(t, p)
		if err := o.Flush(t.Context()); err != nil {
			t.Errorf("nothing to do: %v", err)
		}
		start := time.Now()
		o.Submit(held("1", time.Hour))
		o.Submit(held("2", time.Hour))
		if err := o.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d != 200*time.Millisecond || o.Pending() != 0 {
			t.Errorf("flushed in %v, %d pending", d, o.Pending())
		}
		o.Submit(action("3", oncall.Resolve, "P1"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := o.Flush(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 actions") {
			t.Errorf("got %v", err)
		}
		o.stop()
		if o.Pending() != 1 {
			t.Error("what could not be sent was dropped")
		}
	})
}

func TestOutboxOrderAndBreadth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var flying, most int
		fly := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			flying += n
			most = max(most, flying)
		}
		p := &pager{do: func(_ context.Context, verb string, n int) error {
			fly(1)
			defer fly(-1)
			time.Sleep(time.Second)
			if verb == "ack" && n == 0 {
				return &oncall.Fault{Kind: oncall.Unavailable}
			}
			return nil
		}}
		o := open(t, p)
		for i, kind := range []oncall.ActionKind{oncall.Acknowledge, oncall.Annotate, oncall.Resolve} {
			o.Submit(action(fmt.Sprint(i), kind, "P0"))
		}
		o.Submit(action("0", oncall.Resolve, "P9")) // the same ID: the same action
		start := time.Now()
		for i := range 12 {
			o.Submit(action(fmt.Sprint("x", i), oncall.Resolve, fmt.Sprint("Q", i)))
		}
		if err := o.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		o.stop()
		var here []string
		for _, c := range p.calls {
			if strings.HasSuffix(c, " P0") {
				here = append(here, c)
			}
		}
		want(t, "one page", strings.Join(here, ", "), "ack P0, ack P0, note P0, resolve P0")
		if strings.Contains(p.said(), "P9") {
			t.Error("one action was taken twice")
		}
		if most != maxFlights {
			t.Errorf("%d calls at once, want %d", most, maxFlights)
		}
		if d := time.Since(start); d > 6*time.Second {
			t.Errorf("sixteen calls of a second took %v", d)
		}
	})
}
