package feed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
)

func stamp(source string, err ...*oncall.Fault) oncall.Stamp {
	s := oncall.Stamp{Source: source}
	if len(err) > 0 {
		s.Err = err[0]
	}
	return s
}

func lines(source string, from, n int) oncall.LinesEvent {
	e := oncall.LinesEvent{Stamp: stamp(source)}
	for i := range n {
		e.Lines = append(e.Lines, oncall.LogLine{Source: source, Raw: fmt.Sprint(from + i)})
	}
	return e
}

func pages(source string, ids ...string) oncall.PagesEvent {
	e := oncall.PagesEvent{Stamp: stamp(source), Complete: true}
	for _, id := range ids {
		e.Pages = append(e.Pages, oncall.Page{Ref: oncall.Ref{Source: source, ID: id}})
	}
	return e
}

func run(id string, state oncall.RunState, output ...string) oncall.RunEvent {
	e := oncall.RunEvent{Stamp: stamp("run"), Run: oncall.StepRun{ID: id, State: state}}
	for _, text := range output {
		e.Output = append(e.Output, oncall.OutputLine{Text: text})
	}
	return e
}

func act(id string, state oncall.ActionState) oncall.ActionEvent {
	return oncall.ActionEvent{Stamp: stamp("pd"), Action: oncall.Action{ID: id}, State: state}
}

// brief writes an event as a word that the tables below can compare.
func brief(e oncall.Event) string {
	var s string
	switch e := e.(type) {
	case oncall.PagesEvent:
		s = "pages"
		for _, p := range e.Pages {
			s += " " + p.Ref.ID
		}
	case oncall.RosterEvent:
		s = "roster"
	case oncall.DeploysEvent:
		s = "deploys"
		for _, d := range e.Deploys {
			s += " " + d.Version
		}
	case oncall.SeriesEvent:
		s = "series " + e.Question.Scope
	case oncall.DetailEvent:
		s = "detail " + e.Page.ID + " " + e.Detail.Runbook
	case oncall.HealthEvent:
		s = fmt.Sprintf("health %v", e.Up)
	case oncall.ActionEvent:
		s = fmt.Sprintf("action %s %s", e.Action.ID, e.State)
	case oncall.RunEvent:
		s = fmt.Sprintf("run %s %s", e.Run.ID, e.Run.State)
		for _, l := range e.Output {
			s += " " + l.Text
		}
		s += gap(e.Dropped)
	case oncall.LinesEvent:
		s = "lines"
		for _, l := range e.Lines {
			s += " " + l.Raw
		}
		s += gap(e.Dropped)
	}
	if err := e.Meta().Err; err != nil {
		s += " !" + err.Detail
	}
	return e.Meta().Source + ": " + s
}

func briefs(events []oncall.Event) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = brief(e)
	}
	return out
}

func gap(d oncall.Dropped) string {
	if d == (oncall.Dropped{}) {
		return ""
	}
	return fmt.Sprintf(" -%d/%v/%s", d.Count, d.Exact, d.Reason)
}

func bad(detail string) *oncall.Fault { return &oncall.Fault{Detail: detail} }

const slow = slowScreen

func TestMailboxCoalesces(t *testing.T) {
	failing := func(detail string) oncall.PagesEvent {
		return oncall.PagesEvent{Stamp: stamp("pd", bad(detail))}
	}
	part := failing("half")
	part.Pages = pages("pd", "half").Pages
	detail := func(id, runbook string) oncall.DetailEvent {
		return oncall.DetailEvent{
			Stamp: stamp("pd"), Page: oncall.Ref{Source: "pd", ID: id},
			Detail: oncall.PageDetail{Runbook: runbook},
		}
	}
	rotated := lines("app", 7, 1)
	rotated.Dropped = oncall.Dropped{Count: 3, Reason: "rotated"}
	lost := oncall.LinesEvent{Stamp: stamp("app", bad("gone"))}
	lostWithLines := lines("app", 1, 1)
	lostWithLines.Err = bad("gone")

	for name, c := range map[string]struct {
		put  []oncall.Event
		want []string
	}{
		"nil is nothing":         {[]oncall.Event{nil}, []string{}},
		"the latest wins":        {[]oncall.Event{pages("pd", "a"), pages("pd", "b")}, []string{"pd: pages b"}},
		"sources stay apart":     {[]oncall.Event{pages("pd", "a"), pages("am", "b")}, []string{"pd: pages a", "am: pages b"}},
		"the latest comes last":  {[]oncall.Event{pages("pd", "a"), pages("am"), pages("pd", "b")}, []string{"am: pages", "pd: pages b"}},
		"failure keeps data":     {[]oncall.Event{pages("pd", "a"), failing("x"), failing("y")}, []string{"pd: pages a", "pd: pages !y"}},
		"data ends failure":      {[]oncall.Event{failing("x"), pages("pd", "a")}, []string{"pd: pages a"}},
		"part keeps whole":       {[]oncall.Event{pages("pd", "a"), part, failing("x")}, []string{"pd: pages a", "pd: pages half !half", "pd: pages !x"}},
		"part replaces part":     {[]oncall.Event{part, failing("x"), part}, []string{"pd: pages half !half"}},
		"details by page":        {[]oncall.Event{detail("1", "a"), detail("2", "b"), detail("1", "c")}, []string{"pd: detail 2 b", "pd: detail 1 c"}},
		"health is only latest":  {[]oncall.Event{oncall.HealthEvent{Stamp: stamp("pd"), Up: true}, oncall.HealthEvent{Stamp: stamp("pd", bad("x"))}}, []string{"pd: health false !x"}},
		"actions are all kept":   {[]oncall.Event{act("1", oncall.Held), act("1", oncall.Sending), act("1", oncall.Sending)}, []string{"pd: action 1 held", "pd: action 1 sending", "pd: action 1 sending"}},
		"lines append":           {[]oncall.Event{lines("app", 1, 2), lines("app", 3, 1)}, []string{"app: lines 1 2 3"}},
		"silence is news":        {[]oncall.Event{oncall.LinesEvent{Stamp: stamp("app")}}, []string{"app: lines"}},
		"oldest lines go first":  {[]oncall.Event{lines("app", 1, 4), lines("app", 5, 3)}, []string{"app: lines 3 4 5 6 7 -2/true/" + slow}},
		"one batch too large":    {[]oncall.Event{lines("app", 1, 8)}, []string{"app: lines 4 5 6 7 8 -3/true/" + slow}},
		"a gap keeps its place":  {[]oncall.Event{lines("app", 1, 2), rotated, lines("app", 8, 1)}, []string{"app: lines 1 2", "app: lines 7 8 -3/false/rotated"}},
		"gaps join":              {[]oncall.Event{lines("app", 1, 2), rotated, lines("app", 8, 4)}, []string{"app: lines 7 8 9 10 11 -5/false/" + slow + "; rotated"}},
		"failure follows lines":  {[]oncall.Event{lines("app", 1, 1), lost}, []string{"app: lines 1", "app: lines !gone"}},
		"lines end failure":      {[]oncall.Event{lost, lines("app", 1, 1)}, []string{"app: lines 1"}},
		"failure with lines":     {[]oncall.Event{lostWithLines, lost}, []string{"app: lines 1", "app: lines !gone"}},
		"a flood drowns nobody":  {[]oncall.Event{lines("db", 1, 1), lines("app", 1, 9)}, []string{"db: lines 1", "app: lines 6 7 8 9 -5/true/" + slow}},
		"output appends":         {[]oncall.Event{run("1", oncall.RunRunning, "a"), run("1", oncall.RunRunning, "b")}, []string{"run: run 1 running a b"}},
		"states are all kept":    {[]oncall.Event{run("1", oncall.RunStarting), run("1", oncall.RunRunning, "a", "b", "c"), run("1", oncall.RunExited, "d", "e", "f", "g", "h")}, []string{"run: run 1 starting", "run: run 1 running -3/true/" + slow, "run: run 1 exited d e f g h"}},
		"runs stay apart":        {[]oncall.Event{run("1", oncall.RunRunning, "a"), run("2", oncall.RunRunning, "b")}, []string{"run: run 1 running a", "run: run 2 running b"}},
		"urgent first, log last": {[]oncall.Event{lines("app", 1, 1), oncall.SeriesEvent{Stamp: stamp("prom")}, oncall.DeploysEvent{Stamp: stamp("gh")}, oncall.RosterEvent{Stamp: stamp("pd")}, detail("1", "a"), oncall.HealthEvent{Stamp: stamp("pd")}, pages("pd"), run("1", oncall.RunRunning), act("1", oncall.Held)}, []string{"pd: action 1 held", "run: run 1 running", "pd: pages", "pd: health false", "pd: detail 1 a", "pd: roster", "gh: deploys", "prom: series ", "app: lines 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewMailbox(5)
			for _, e := range c.put {
				m.Put(e)
			}
			got := briefs(m.take())
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if left := m.take(); len(left) != 0 {
				t.Errorf("taken twice: %v", left)
			}
		})
	}
}

// Every failing snapshot kind keeps the data before it.
func TestMailboxKeepsDataBeforeFailure(t *testing.T) {
	err := bad("x")
	ref := oncall.Ref{Source: "s", ID: "1"}
	for _, c := range []struct{ good, failed oncall.Event }{
		{pages("s", "1"), oncall.PagesEvent{Stamp: stamp("s", err)}},
		{oncall.RosterEvent{Stamp: stamp("s")}, oncall.RosterEvent{Stamp: stamp("s", err)}},
		{oncall.DeploysEvent{Stamp: stamp("s")}, oncall.DeploysEvent{Stamp: stamp("s", err)}},
		{oncall.SeriesEvent{Stamp: stamp("s")}, oncall.SeriesEvent{Stamp: stamp("s", err)}},
		{oncall.DetailEvent{Stamp: stamp("s"), Page: ref}, oncall.DetailEvent{Stamp: stamp("s", err), Page: ref}},
	} {
		m := NewMailbox(0)
		m.Put(c.good)
		m.Put(c.failed)
		m.Put(c.failed)
		got := m.take()
		if len(got) != 2 || got[0].Meta().Err != nil || got[1].Meta().Err == nil {
			t.Errorf("%T: got %v", c.good, got)
		}
	}
}

func TestMailboxOwnsItsLists(t *testing.T) {
	m := NewMailbox(10)
	p, l, r := pages("pd", "a"), lines("app", 1, 1), run("1", oncall.RunRunning, "x")
	d := oncall.DeploysEvent{Stamp: stamp("gh"), Deploys: []oncall.Deploy{{Version: "v1"}}}
	for _, e := range []oncall.Event{p, l, r, d} {
		m.Put(e)
	}
	p.Pages[0].Ref.ID, l.Lines[0].Raw, r.Output[0].Text, d.Deploys[0].Version = "z", "z", "z", "z"
	got := briefs(m.take())
	want := []string{"run: run 1 running x", "pd: pages a", "gh: deploys v1", "app: lines 1"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLinesOfTwoScopesStayApart(t *testing.T) {
	m := NewMailbox(5)
	put := func(scope string, from, n int) {
		e := lines("s", from, n)
		e.Scope = scope
		m.Put(e)
	}
	put("x", 0, 2)
	put("x", 2, 1)
	put("y", 3, 3)
	events, err := m.Next(t.Context())
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v; want one for each scope", len(events), err)
	}
	x, y := events[0].(oncall.LinesEvent), events[1].(oncall.LinesEvent)
	if x.Scope != "x" || len(x.Lines) != 2 || x.Dropped.Count != 1 || y.Scope != "y" || len(y.Lines) != 3 {
		t.Errorf("got %d of %s with %d left out, %d of %s", len(x.Lines), x.Scope, x.Dropped.Count, len(y.Lines), y.Scope)
	}
}

func TestNextWaitsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMailbox(0)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan int)
		go func() {
			defer close(got)
			for {
				events, err := m.Next(ctx)
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("got %v", err)
					}
					return
				}
				got <- len(events)
			}
		}()
		synctest.Wait()
		select {
		case n := <-got:
			t.Fatalf("got %d events from an empty mailbox", n)
		default:
		}
		m.Put(pages("pd", "a"))
		if n := <-got; n != 1 {
			t.Errorf("got %d events, want 1", n)
		}
		cancel()
		if _, more := <-got; more {
			t.Error("Next went on after its context ended")
		}
		m.Put(pages("pd", "b"))
		if events, err := m.Next(t.Context()); err != nil || len(events) != 1 {
			t.Errorf("what was put after the end is lost: %v, %v", events, err)
		}
	})
}

// Whatever is put from many goroutines while one takes: every line is either
// seen, once and in order, or counted; every state and action is seen.
func TestMailboxAccountsExactly(t *testing.T) {
	const sources, batches, bound = 5, 400, 300
	m := NewMailbox(bound)
	var wg sync.WaitGroup
	sent := make([]int, sources)
	for i := range sources {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(i)))
			for b := range batches {
				n := rnd.IntN(60)
				e := lines(fmt.Sprint(i), sent[i], n)
				if rnd.IntN(20) == 0 {
					e.Dropped = oncall.Dropped{Count: 1, Exact: true, Reason: "rotated"}
				}
				sent[i] += n + e.Dropped.Count
				// A dropped line takes a number, so that gaps can be checked.
				for j := range e.Lines {
					e.Lines[j].Raw = fmt.Sprint(sent[i] - n + j)
				}
				m.Put(e)
				m.Put(run(fmt.Sprint(i), oncall.RunState(b%3), "o"))
				m.Put(act(fmt.Sprint(i), oncall.ActionState(b%3)))
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { wg.Wait(); cancel() }()
	next := make([]int, sources)
	var output, states, actions int
	fold := func(events []oncall.Event) {
		held := 0
		for _, e := range events {
			switch e := e.(type) {
			case oncall.LinesEvent:
				i := number(t, e.Source)
				next[i] += e.Dropped.Count
				for _, l := range e.Lines {
					if at := number(t, l.Raw); at != next[i] {
						t.Fatalf("source %d: got line %d, want %d", i, at, next[i])
					}
					next[i]++
				}
				held += len(e.Lines)
				if e.Dropped.Count > 0 && !e.Dropped.Exact {
					t.Error("an exact gap became inexact")
				}
			case oncall.RunEvent:
				output += len(e.Output) + e.Dropped.Count
				states++
				held += len(e.Output)
			case oncall.ActionEvent:
				actions++
			}
		}
		if held > bound {
			t.Fatalf("%d lines held, the bound is %d", held, bound)
		}
	}
	for {
		events, err := m.Next(ctx)
		if err != nil {
			break
		}
		fold(events)
	}
	fold(m.take())
	if !reflect.DeepEqual(next, sent) {
		t.Errorf("lines: seen and counted %v, sent %v", next, sent)
	}
	if want := sources * batches; output != want || states != want || actions != want {
		t.Errorf("output %d, states %d, actions %d, want %d each", output, states, actions, want)
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestJoinedReasonsAreBounded(t *testing.T) {
	var d oncall.Dropped
	for i := range 1000 {
		d = join(d, oncall.Dropped{Count: 1, Exact: true, Reason: "reason " + strings.Repeat("x", i%50)})
	}
	if d.Count != 1000 || !d.Exact || len(d.Reason) > maxReason+2 {
		t.Errorf("got %d, exact %v, reason of %d bytes", d.Count, d.Exact, len(d.Reason))
	}
	unknown := oncall.Dropped{Reason: "the server did not say"}
	if got := join(unknown, oncall.Dropped{Count: 2, Exact: true, Reason: "b"}); got.Exact || got.Count != 2 {
		t.Errorf("a gap of unknown size was forgotten: %+v", got)
	}
}

// BenchmarkMailboxLines is 100,000 lines in batches of 100, taken every 1,000
// lines, and then without anybody who takes them.
func BenchmarkMailboxLines(b *testing.B) {
	const total, batch = 100_000, 100
	e := lines("app", 0, batch)
	for name, takeEvery := range map[string]int{"taken": 10, "flooded": 0} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := NewMailbox(0)
				for i := range total / batch {
					m.Put(e)
					if takeEvery > 0 && i%takeEvery == 0 {
						m.take()
					}
				}
				m.take()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/total, "ns/line")
		})
	}
}

// TestTextsComeWithTheirLines has texts come out with the lines that they were put
// in with, and none once a part of the lines was dropped.
func TestTextsComeWithTheirLines(t *testing.T) {
	for _, tt := range []struct{ bound, texts int }{{10_000, 2}, {1500, 1}} {
		box := NewMailbox(tt.bound)
		for i, text := range []string{"one", "two"} {
			e := lines("app", i*1000, 1000)
			e.Texts = []string{text}
			box.Put(e)
		}
		events, err := box.Next(t.Context())
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		e := events[0].(oncall.LinesEvent)
		if len(e.Texts) != tt.texts || e.Texts[tt.texts-1] != "two" || len(e.Lines) != min(tt.bound, 2000) || e.Lines[len(e.Lines)-1].Raw != "1999" {
			t.Errorf("with room for %d: %d lines of the texts %q", tt.bound, len(e.Lines), e.Texts)
		}
	}
}

// TestListsGoBack has each list of lines go back once: by whoever takes it, or by
// the mailbox if it copied the lines.
func TestListsGoBack(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sizes []int
		taken int
	}{
		{"one large", []int{1000}, 1},
		{"two large", []int{1000, 1000}, 0},
		{"one small", []int{10}, 0},
		{"small and large", []int{10, 1000}, 0},
	} {
		box := NewMailbox(0)
		freed := make([]int, len(tt.sizes))
		from := 0
		for i, n := range tt.sizes {
			e := lines("app", from, n)
			e.Free = func() {
				freed[i]++
				clear(e.Lines)
			}
			box.Put(e)
			from += n
		}
		events, err := box.Next(t.Context())
		if err != nil || len(events) != 1 {
			t.Fatalf("%s: %d events, %v", tt.name, len(events), err)
		}
		e := events[0].(oncall.LinesEvent)
		for i, l := range e.Lines {
			if l.Raw != strconv.Itoa(i) {
				t.Fatalf("%s: line %d is %q", tt.name, i, l.Raw)
			}
		}
		taken := 0
		if e.Free != nil {
			taken = 1
			e.Free()
		}
		if taken != tt.taken || len(e.Lines) != from {
			t.Errorf("%s: %d lists to give back, %d lines", tt.name, taken, len(e.Lines))
		}
		for i, n := range freed {
			if n != 1 {
				t.Errorf("%s: list %d went back %d times", tt.name, i, n)
			}
		}
	}
}

// TestFloodsComeTogether has the lines of one log wait for those of the others that
// flood, but not for long, and nothing else wait for them.
func TestFloodsComeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := NewMailbox(0)
		next := func() (n int, waited time.Duration) {
			began := time.Now()
			events, err := box.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return len(events), time.Since(began)
		}
		later := func(d time.Duration, e oncall.Event) { time.AfterFunc(d, func() { box.Put(e) }) }

		box.Put(lines("a", 0, 1000))
		box.Put(lines("b", 0, 1000))
		if n, waited := next(); n != 2 || waited != 0 {
			t.Errorf("%d events of the first flood after %s", n, waited)
		}
		later(time.Millisecond, lines("b", 1000, 1000))
		later(6*time.Millisecond, lines("a", 1000, 1000))
		if n, waited := next(); n != 2 || waited != 6*time.Millisecond {
			t.Errorf("%d events of both after %s", n, waited)
		}
		box.Put(lines("a", 2000, 1000))
		later(time.Millisecond, lines("c", 0, 1))
		if n, waited := next(); n != 2 || waited != lingerFor {
			t.Errorf("%d events without the other log after %s", n, waited)
		}
		box.Put(lines("a", 3000, 1000))
		box.Put(lines("b", 3000, 1000))
		next()
		box.Put(lines("a", 4000, 1000))
		later(2*time.Millisecond, oncall.ActionEvent{Stamp: oncall.Stamp{Source: "pagerduty"}})
		if n, waited := next(); n != 2 || waited != 2*time.Millisecond {
			t.Errorf("%d events with an action after %s", n, waited)
		}
		box.Put(lines("a", 5000, 10))
		if n, waited := next(); n != 1 || waited != 0 {
			t.Errorf("%d events of few lines after %s", n, waited)
		}
	})
}
