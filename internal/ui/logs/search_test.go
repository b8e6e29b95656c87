package logs_test

import (
	"strings"
	"testing"

	"conway/internal/oncall"
	"conway/internal/ui/logs"
	"conway/internal/ui/uitest"
)

// TestSearchGoesOnBesideTheScreen: what does not fit one frame's work is found
// in steps, the newest first, and the title says how far it has come.
func TestSearchGoesOnBesideTheScreen(t *testing.T) {
	b, p, f := uitest.Empty(), logs.New(), frame()
	f.Width = 100
	for i := range 30 {
		b = add(b, "a.log", i*10_000, 10_000)
	}
	b = add(b, "a.log", 300_000, 1) // an error, the newest line
	p.Filter("!level<error 0")
	got := see(p, f, b)
	if !strings.Contains(got, "line 300000") || !strings.Contains(got, "searching") {
		t.Fatalf("the first screenful:\n%s", got)
	}
	old, ok := p.Search(f, b)
	if !ok {
		t.Fatal("nothing is left to search")
	}
	p.Filter("level>=error")
	p.Found(old())
	steps := 0
	for step, ok := p.Search(f, b); ok; step, ok = p.Search(f, b) {
		if steps == 0 {
			b = add(b, "a.log", 300_010, 1)
		}
		p.Found(step())
		steps++
	}
	if got := see(p, f, b); !strings.Contains(got, "30002 match") || strings.Contains(got, "searching") {
		t.Errorf("after %d steps:\n%s", steps, got)
	}
	if steps == 0 {
		t.Error("everything was searched at once")
	}
}

func TestFilterThatCannotBeReadSaysWhy(t *testing.T) {
	b, p, f := add(uitest.Empty(), "a.log", 0, 10), logs.New(), frame()
	f.Width = 100
	p.Filter("re:(")
	if got := see(p, f, b); !strings.Contains(got, "missing closing )") || !strings.Contains(got, "line 9") {
		t.Errorf("refused:\n%s", got)
	}
	if p.Filtered() != "re:(" {
		t.Errorf("filtered %q", p.Filtered())
	}
}

func TestLateLinesAreMarked(t *testing.T) {
	b := add(uitest.Empty(), "a.log", 0, 10_000)
	late := oncall.ParseLine("of before", uitest.Now().Add(2e9))
	late.Source = "app"
	b = uitest.Fold(b, oncall.LinesEvent{Stamp: oncall.Stamp{Source: "app", At: uitest.Now().Add(10e9)}, Lines: []oncall.LogLine{late}})
	if got := see(logs.New(), frame(), b); !strings.Contains(got, "(late) of before") {
		t.Errorf("the late line:\n%s", got)
	}
}
