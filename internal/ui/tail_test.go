package ui

import (
	"strings"
	"testing"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// storeLine is a line that a log store answers under a scope.
func storeLine(scope, words string) oncall.Event {
	l := oncall.ParseLine(words, uitest.Now())
	l.Source = "app"
	return oncall.LinesEvent{Stamp: oncall.Stamp{Source: "app", At: uitest.Now()}, Scope: scope, Lines: []oncall.LogLine{l}}
}

func TestLogStoresFollowTheSelectedPage(t *testing.T) {
	f := newFixture(t)
	f.opts.Logs = []follow.LogTemplate{{Source: "app", Lang: follow.SPL, Query: "service={{service}} {{alertname}}"}}
	for _, e := range uitest.Events()[:2] {
		f.event(e)
	}
	first, ok := last[pane.Tail](f)
	if q := first.Queries["app"]; !ok || q.Unfilled != "this page has no label alertname" || q.Window.Span() < 45*60e9 {
		t.Fatalf("asked %+v", first)
	}
	f.event(uitest.Events()[2]) // the page's labels
	second, _ := last[pane.Tail](f)
	q := second.Queries["app"]
	if q.Query != "service=checkout CheckoutErrorRate" || q.Unfilled != "" || q.Scope == first.Queries["app"].Scope {
		t.Fatalf("asked %+v, then %+v", first, second)
	}
	asked := len(f.intents)
	f.press("[", "-", ".")
	f.wait(90e9)
	for _, i := range f.intents[asked:] {
		if _, again := i.(pane.Tail); again {
			t.Error("the store was asked anew because time passed or the window was moved")
		}
	}
	f.event(storeLine(q.Scope, "ERROR for checkout"))
	f.event(storeLine(first.Queries["app"].Scope, "ERROR of before"))
	f.mustSee(t, "for checkout")
	if strings.Contains(f.screenText(), "of before") {
		t.Error("a line of another scope is shown")
	}
	f.press("L", "F", "P", "j")
	if third, _ := last[pane.Tail](f); third.Queries["app"] != q {
		t.Errorf("pinned, and asked %+v", third)
	}
	f.mustSee(t, "for checkout")
	f.press("L", "F")
	third, _ := last[pane.Tail](f)
	if third.Queries["app"].Query == q.Query || third.Queries["app"].Scope == q.Scope {
		t.Errorf("following again, and asked %+v", third)
	}
	if strings.Contains(f.screenText(), "for checkout") {
		t.Error("the former page's lines are still shown")
	}
}

// TestPinnedBeforeTheDetail pins the logs before the page's labels are known: its query
// is filled from them when they come, and from no other page's.
func TestPinnedBeforeTheDetail(t *testing.T) {
	f := newFixture(t)
	f.opts.Logs = []follow.LogTemplate{{Source: "app", Lang: follow.SPL, Query: "service={{service}} {{alertname}}"}}
	for _, e := range uitest.Events()[:2] {
		f.event(e)
	}
	f.press("L", "F")
	if q, _ := last[pane.Tail](f); q.Queries["app"].Unfilled == "" {
		t.Fatalf("asked %+v", q)
	}
	f.event(uitest.Events()[2]) // the page's labels
	q, _ := last[pane.Tail](f)
	if got := q.Queries["app"]; got.Query != "service=checkout CheckoutErrorRate" || got.Unfilled != "" {
		t.Errorf("pinned, and asked %+v once the labels were there", got)
	}
	f.press("P", "j")
	if again, _ := last[pane.Tail](f); again.Queries["app"] != q.Queries["app"] {
		t.Errorf("pinned, and asked %+v of another page", again)
	}
}
