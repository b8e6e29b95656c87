package ui

import (
	"errors"
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

func TestStoreIsAskedInItsOwnLanguage(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
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
	f.mustSee(t, "splunk would look at up to 3072.0 GiB in 12 buckets, for at most 1000")
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
	f.mustSee(t, "splunk: 1 lines of 40 that match, 5.0 MiB looked at; not all: the limit was reached")
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
