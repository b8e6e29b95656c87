package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

func (f *fixture) write(s string) {
	for _, r := range s {
		f.press(string(r))
	}
}

func answered(id int, words ...string) StorePart {
	p := StorePart{ID: id, Source: "splunk"}
	for i, w := range words {
		l := oncall.ParseLine(w, uitest.Now().Add(time.Duration(i)*time.Second))
		l.Source = "splunk"
		p.Lines = append(p.Lines, l)
	}
	return p
}

func TestQueryWithoutAStoreIsRefusedAtItsKey(t *testing.T) {
	splunk := []follow.LogTemplate{{Source: "splunk", Lang: follow.SPL}}
	app := []follow.LogTemplate{{Source: "app", Lang: follow.Literal}}
	for name, c := range map[string]struct {
		logs, texts []follow.LogTemplate
		opens       bool
	}{
		"none":    {},
		"a store": {logs: splunk, opens: true},
		"a file":  {texts: app, opens: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, uitest.Events()...)
			f.opts.Logs, f.opts.Texts = c.logs, c.texts
			f.press("Q")
			if got := len(f.stack) == 1; got != c.opens {
				t.Fatalf("the input is open: %v, want %v", got, c.opens)
			}
			refused := "no log store that could be asked is configured"
			if got := strings.Contains(f.screenText(), refused); got == c.opens {
				t.Errorf("it is refused: %v:\n%s", got, f.screenText())
			}
		})
	}
}

func TestStoreIsAskedInItsOwnLanguage(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.opts.Logs = []follow.LogTemplate{{Source: "splunk", Lang: follow.SPL}}
	f.press("Q")
	f.write("splunk index=x error")
	f.press("enter")
	s, ok := last[pane.SearchStore](f)
	if !ok || s.Source != "splunk" || s.Query.Query != "index=x error" || s.Query.Limit != 1000 || s.Query.Window.Span() < time.Hour || s.Sure {
		t.Fatalf("asked %+v", s)
	}
	f.mustSee(t, "searching splunk, esc cancels")
	cost := StorePart{ID: s.ID, Source: "splunk", Query: s.Query, Cost: &oncall.LogCost{Bytes: 3 << 40, Lines: -1, Parts: 12, PartName: "buckets", Bound: true}}
	f.Update(cost)
	f.mustSee(t, "splunk would look at up to 3.0 TiB in 12 buckets, for at most 1000")
	f.wait(time.Second)
	f.press("y")
	if sure, _ := last[pane.SearchStore](f); !sure.Sure || sure.ID != s.ID || sure.Query != s.Query {
		t.Fatalf("asked %+v", sure)
	}
	part := answered(s.ID, "ERROR found by splunk")
	part.Next = func() tea.Msg { return nil }
	f.Update(part)
	f.Update(StorePart{ID: s.ID, Source: "splunk", Ended: &oncall.LogFound{Lines: 1, Matched: 40, Scanned: 5 << 20, Why: "the limit was reached"}})
	f.mustSee(t, "found by splunk")
	f.mustSee(t, "splunk: 1 line of 40 that match, 5.0 MiB looked at; not all: the limit was reached")
	f.press("esc")
	if strings.Contains(f.screenText(), "found by splunk") {
		t.Error("esc does not go back to the tail")
	}
}

func TestSearchOfAStoreIsCancelled(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.opts.Logs = []follow.LogTemplate{{Source: "splunk", Lang: follow.SPL, Query: "service={{service}}"}}
	f.wait(time.Second)
	f.press("L", "O")
	s, ok := last[pane.SearchStore](f)
	if !ok || s.Query.Query != "service=checkout" || !s.Query.Window.End.After(s.Query.Window.Start) {
		t.Fatalf("asked %+v", s)
	}
	f.press("esc")
	if c, _ := last[pane.CancelSearch](f); c.ID != s.ID {
		t.Errorf("cancelled %+v", c)
	}
	f.Update(answered(s.ID, "ERROR too late"))
	if strings.Contains(f.screenText(), "too late") || strings.Contains(f.screenText(), "searching splunk") {
		t.Error("a cancelled search goes on")
	}
	f.press("O")
	again, _ := last[pane.SearchStore](f)
	f.Update(StorePart{ID: again.ID, Source: "splunk", Err: errors.New("search splunk: it is down")})
	f.mustSee(t, "it is down")
}

// traced is a screen with one line of a request, and these log stores.
func traced(t *testing.T, stores ...follow.LogTemplate) *fixture {
	t.Helper()
	f := newFixture(t, uitest.Events()...)
	f.opts.Logs = stores
	f.wait(time.Second)
	line := oncall.ParseLine("trace_id=4bf92f35 msg=\"payment declined\"", uitest.Now())
	line.Source = "app"
	f.event(oncall.LinesEvent{Stamp: oncall.Stamp{Source: "app", At: uitest.Now()}, Lines: []oncall.LogLine{line}})
	f.press("L", "T")
	return f
}

func TestTraceWithoutAStore(t *testing.T) {
	f := traced(t, follow.LogTemplate{Source: "table", Lang: follow.SQL, Query: "service = '{{service}}'"})
	f.mustSee(t, "1 held of trace_id 4bf92f35, from all sources; esc shows all lines")
	f.press("T")
	f.mustSee(t, "no log store can be searched for trace_id 4bf92f35")
	if s, ok := last[pane.SearchStore](f); ok {
		t.Fatalf("asked %+v", s)
	}
}

// TestTraceIsSearchedInTheStores: one more press asks them for what is not held,
// as any other search that can be cancelled.
func TestTraceIsSearchedInTheStores(t *testing.T) {
	f := traced(
		t, follow.LogTemplate{Source: "splunk", Lang: follow.SPL, Query: "index=prod service={{service}}"},
		follow.LogTemplate{Source: "lake", Lang: follow.Parquet},
	)
	f.mustSee(t, "1 held of trace_id 4bf92f35, from all sources; again searches the log stores; esc shows all lines")
	f.press("T")
	var asked []string
	for _, i := range f.intents {
		if s, ok := i.(pane.SearchStore); ok {
			asked = append(asked, s.Source+" "+s.Query.Query)
		}
	}
	want := []string{
		`splunk index=prod "4bf92f35"`, `lake text~"4bf92f35" trace!="4bf92f35" request_id!="4bf92f35"`,
		`lake trace="4bf92f35"`, `lake request_id="4bf92f35" trace!="4bf92f35"`,
	}
	if !slices.Equal(asked, want) {
		t.Fatalf("asked %q, want %q", asked, want)
	}
	f.mustSee(t, "searching splunk, lake, esc cancels")
	f.mustSee(t, "nothing yet: splunk, lake")
	s, _ := last[pane.SearchStore](f)
	for id := s.ID - 2; id <= s.ID; id++ {
		f.Update(StorePart{ID: id, Source: "lake", Ended: &oncall.LogFound{Lines: 2, Matched: 2, Scanned: 1 << 20, Complete: true}})
	}
	f.mustSee(t, "lake: 6 lines, 3.0 MiB looked at")
	f.mustSee(t, "searching splunk, esc cancels")
	s.ID -= 3
	part := answered(s.ID, "ERROR trace_id=4bf92f35 found in the store")
	part.Next = func() tea.Msg { return nil }
	f.Update(part)
	f.mustSee(t, "found in the store")
	f.Update(StorePart{ID: s.ID, Source: "splunk", Ended: &oncall.LogFound{Lines: 1, Matched: 1, Complete: true}})
	f.mustSee(t, "splunk: 1 line")
}

// TestFilesElsewhereAreSearchedToo is about sources that follow no page: they are
// asked for a text, and for what is older.
func TestFilesElsewhereAreSearchedToo(t *testing.T) {
	f := traced(t)
	f.opts.Texts = []follow.LogTemplate{{Source: "web-03", Lang: follow.Literal}}
	f.press("T")
	s, ok := last[pane.SearchStore](f)
	if !ok || s.Source != "web-03" || s.Query.Query != "4bf92f35" {
		t.Fatalf("asked %+v", s)
	}
	f.Update(StorePart{ID: s.ID, Source: "web-03", Ended: &oncall.LogFound{Complete: true}})
	f.mustSee(t, `nothing was found: web-03: "4bf92f35"; esc goes back`)
	f.press("esc", "O")
	if s, ok = last[pane.SearchStore](f); !ok || s.Source != "web-03" || s.Query.Query != "" || s.Query.Window.End.IsZero() {
		t.Fatalf("asked %+v", s)
	}
}

// loaded is a screen with a line of a store held, which can be asked for older ones.
func loaded(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t, uitest.Events()...)
	f.opts.Logs = []follow.LogTemplate{{Source: "splunk", Lang: follow.SPL, Query: "service={{service}}"}}
	f.wait(time.Second)
	f.press("L")
	return f
}

// searches counts what stores were asked for.
func (f *fixture) searches() (n int) {
	for _, i := range f.intents {
		if _, ok := i.(pane.SearchStore); ok {
			n++
		}
	}
	return n
}

func (f *fixture) shown(words string) int { return strings.Count(f.screenText(), words) }

func TestOlderLinesAreAskedForOnceAtATime(t *testing.T) {
	f := loaded(t)
	f.press("O", "O")
	if n := f.searches(); n != 1 {
		t.Fatalf("%d searches for the same older lines", n)
	}
	f.mustSee(t, "older lines of splunk are on their way already")
	s, _ := last[pane.SearchStore](f)
	f.Update(answered(s.ID, "INFO an older line"))
	f.press("O")
	if n := f.searches(); n != 2 {
		t.Errorf("after the first has ended there are %d searches, want another", n)
	}
}

// TestOlderLinesOfTheSameMoment has the oldest line that is shown share its moment with
// lines that are not: they are asked for, and shown beside it.
func TestOlderLinesOfTheSameMoment(t *testing.T) {
	f := loaded(t)
	f.opts.Services = follow.Map{} // no service hides a line
	at := uitest.Now().Add(-time.Hour)
	line := func(words string) oncall.LogLine {
		return oncall.LogLine{At: at, Source: "splunk", Raw: words, Message: words}
	}
	f.press("O")
	s, _ := last[pane.SearchStore](f)
	p := StorePart{ID: s.ID, Source: "splunk", Lines: []oncall.LogLine{line("third of them")}, Ended: &oncall.LogFound{Lines: 1}}
	f.Update(p)
	f.press("O")
	s, _ = last[pane.SearchStore](f)
	if end := s.Query.Window.End; !end.After(at) || end.After(at.Add(time.Microsecond)) || s.Query.Limit != storeLimit+1 {
		t.Errorf("asked %+v, and the oldest line is of %v", s.Query, at)
	}
	p.ID, p.Lines = s.ID, []oncall.LogLine{line("first of them"), line("second of them"), line("third of them")}
	p.Ended = &oncall.LogFound{Lines: 3, Complete: true, Matched: 3}
	f.Update(p)
	f.mustSee(t, "splunk: 2 lines")
	f.press("g")
	for _, words := range []string{"first of them", "second of them", "third of them"} {
		if n := f.shown(words); n != 1 {
			t.Errorf("%q is shown %d times:\n%s", words, n, f.screenText())
		}
	}
}

// Older lines that come after all that was loaded was let go would stand above a
// hole that nothing tells of.
func TestOlderLinesThatComeTooLateAreLetGo(t *testing.T) {
	for name, leave := range map[string]func(*fixture){
		"to the end":     func(f *fixture) { f.press("G") },
		"another page":   func(f *fixture) { f.press("P", "j", "L") },
		"page and back":  func(f *fixture) { f.press("P", "j", "k", "L") },
		"nothing is new": func(*fixture) {},
	} {
		t.Run(name, func(t *testing.T) {
			f := loaded(t)
			f.press("O")
			first, _ := last[pane.SearchStore](f)
			f.Update(answered(first.ID, "INFO loaded before"))
			f.press("O")
			second, _ := last[pane.SearchStore](f)
			leave(f)
			f.Update(answered(second.ID, "INFO loaded late"))
			f.opts.Services = follow.Map{} // no service hides a line
			f.press("g")
			want := 0
			if name == "nothing is new" {
				want = 1
			}
			if got := f.shown("loaded late"); got != want {
				t.Errorf("the late line is shown %d times, want %d:\n%s", got, want, f.screenText())
			}
		})
	}
}

// A store that does not give its newest lines first leaves a hole above the held ones
// when its search is cancelled or fails.
func TestOlderLinesThatEndEarlyMayHaveAHole(t *testing.T) {
	part := func(f *fixture) StorePart {
		f.press("O")
		s, _ := last[pane.SearchStore](f)
		p := answered(s.ID, "INFO an older line")
		p.Next = func() tea.Msg { return nil }
		f.Update(p)
		return StorePart{ID: s.ID, Source: "splunk", Err: errors.New("search splunk: it is down")}
	}
	for name, end := range map[string]func(*fixture, StorePart){
		"cancelled": func(f *fixture, _ StorePart) { f.press("esc") },
		"fails":     func(f *fixture, p StorePart) { f.Update(p) },
	} {
		t.Run(name, func(t *testing.T) {
			f := loaded(t)
			end(f, part(f))
			f.mustSee(t, "between the older lines of splunk that were found others may be missing")
		})
	}
}

func TestSearchesOfAPageEndWithIt(t *testing.T) {
	f := loaded(t)
	f.press("O")
	s, _ := last[pane.SearchStore](f)
	f.press("P", "j")
	if c, ok := last[pane.CancelSearch](f); !ok || c.ID != s.ID {
		t.Errorf("cancelled %+v", c)
	}
	if f.shown("searching splunk") > 0 {
		t.Error("it is still said to be searched")
	}
}

// A wide search that nobody has answered for does not run.
func TestWideSearchThatIsLeftIsNoSearch(t *testing.T) {
	f := loaded(t)
	f.press("O")
	s, _ := last[pane.SearchStore](f)
	f.Update(StorePart{ID: s.ID, Source: "splunk", Query: s.Query, Cost: &oncall.LogCost{Bytes: 3 << 40, Lines: -1}})
	f.wait(time.Second)
	f.press("esc")
	f.press("O")
	again, _ := last[pane.SearchStore](f)
	if again.ID == s.ID {
		t.Fatal("after the question was left nothing is searched any more")
	}
	f.Update(StorePart{ID: again.ID, Source: "splunk", Query: again.Query, Cost: &oncall.LogCost{Bytes: 3 << 40, Lines: -1}})
	f.wait(time.Second)
	f.press("y")
	f.mustSee(t, "searching splunk")
	part := answered(again.ID, "INFO an older line")
	part.Next, part.Ended = nil, &oncall.LogFound{Lines: 1, Complete: true}
	f.Update(part)
	f.mustSee(t, "splunk: 1 line")
	f.press("g")
	f.mustSee(t, "an older line")
}
