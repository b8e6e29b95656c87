package ui

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/uitest"
)

// tileOf returns the rows of one pane of an 80x24 screen without styles, from its
// title to the next one's.
func tileOf(t *testing.T, f *fixture, title string) string {
	t.Helper()
	var out []string
	for row := range strings.Lines(f.Text()) {
		heads := strings.HasPrefix(row, "──") || strings.HasPrefix(row, "━━") || strings.HasPrefix(row, "--") || strings.HasPrefix(row, "==")
		switch {
		case strings.Contains(row, title) && heads:
			out = append(out, strings.TrimRight(row, "─━-=\n "))
		case len(out) > 0 && heads:
			return strings.Join(out, "\n")
		case len(out) > 0:
			out = append(out, strings.TrimRight(row, " \n"))
		}
	}
	if len(out) == 0 {
		t.Fatalf("no %s on the screen:\n%s", title, f.Text())
	}
	return strings.Join(out, "\n")
}

// others says again what every source but one said, so that only that one differs.
func others(f *fixture, but string) {
	for _, e := range append(uitest.Events()[:5], uitest.Series()) {
		if e.Meta().Source == but {
			continue
		}
		switch e := e.(type) {
		case oncall.PagesEvent:
			e.At = f.clock
			f.event(e)
		case oncall.DeploysEvent:
			e.At = f.clock
			f.event(e)
		case oncall.SeriesEvent:
			e.At = f.clock
			f.event(e)
		}
	}
}

// distinct fails for two states that are drawn alike, and for one that lacks the
// words it must have.
func distinct(t *testing.T, drawn, words map[string]string) {
	t.Helper()
	for a, x := range drawn {
		if !strings.Contains(x, words[a]) {
			t.Errorf("%s is drawn without %q:\n%s", a, words[a], x)
		}
		for b, y := range drawn {
			if a < b && x == y {
				t.Errorf("%s and %s are drawn alike:\n%s", a, b, x)
			}
		}
	}
}

func unavailable(name string) *oncall.Fault {
	return &oncall.Fault{Kind: oncall.Unavailable, Source: name, Op: "ask", Status: 503}
}

// TestStatesOfAMetricAreDistinct draws every state of a metric at 80x24 without
// styles, in Unicode and in ASCII: no two look the same, and only a real 0 is
// drawn as a 0.
func TestStatesOfAMetricAreDistinct(t *testing.T) {
	point := func(v float64, ago time.Duration) *oncall.Point {
		return &oncall.Point{At: uitest.Now().Add(-ago), V: v}
	}
	for _, ascii := range []bool{false, true} {
		drawn, words := map[string]string{}, map[string]string{}
		for name, c := range map[string]struct {
			latest *oncall.Point
			// answers says whether it ever answered; line, fault and wait what follows.
			answers, line bool
			fault         *oncall.Fault
			wait          time.Duration
			word          string
		}{
			"never":       {word: "asking the metrics sources"},
			"never, down": {fault: unavailable("prom"), word: "no answer yet"},
			"no data":     {answers: true, word: "NO DATA"},
			"zero":        {latest: point(0, 0), answers: true, line: true, word: " 0% "},
			"live":        {latest: point(0.5, 0), answers: true, line: true, word: " 0.5% "},
			"late zero":   {latest: point(0, 0), answers: true, line: true, fault: unavailable("prom"), word: "LATE"},
			"stale zero":  {latest: point(0, 0), answers: true, line: true, wait: 55 * time.Second, word: "STALE"},
			"lost zero":   {latest: point(0, 0), answers: true, line: true, wait: 11 * time.Minute, word: "LOST"},
			"old zero":    {latest: point(0, 4*time.Minute), answers: true, line: true, word: "0%? 4m"},
			"gone":        {answers: true, line: true, word: "gone"},
		} {
			f := newFixture(t, uitest.Events()[:5]...)
			f.opts.Sheet.ASCII = ascii
			f.board = f.board.Follow("nothing else") // forget the fixture's own answer
			f.asked = nil
			f.size(80, 24)
			f.press("M")
			if c.answers {
				e, ok := uitest.Series().(oncall.SeriesEvent)
				if !ok {
					t.Fatal("no series")
				}
				e.At = f.clock
				for i := range e.Panels {
					e.Panels[i].Latest, e.Panels[i].Series = c.latest, nil
					if c.line {
						e.Panels[i].Series = []oncall.Series{{Points: []oncall.Point{*point(0, 10*time.Minute)}}}
					}
				}
				f.event(e)
			}
			if c.fault != nil {
				f.event(oncall.HealthEvent{Stamp: oncall.Stamp{Source: "prom", At: f.clock, Err: c.fault}})
			}
			f.clock = f.clock.Add(c.wait)
			others(f, "prom")
			f.Update(tickMsg{})
			drawn[name], words[name] = tileOf(t, f, "METRICS"), c.word
			if zero := strings.Contains(drawn[name], " 0% "); zero != (name == "zero" || name == "late zero") {
				t.Errorf("%s, ASCII %v: a plain 0 is drawn: %v\n%s", name, ascii, zero, drawn[name])
			}
		}
		distinct(t, drawn, words)
	}
}

// TestStatesOfAListAreDistinct does the same for the lists of pages and deploys
// and for the log, which may be empty for many reasons.
func TestStatesOfAListAreDistinct(t *testing.T) {
	for _, l := range []struct {
		source, title string
		answer        func(oncall.Stamp, bool) oncall.Event
		empty         string
	}{
		{"pd", "PAGES", func(s oncall.Stamp, whole bool) oncall.Event {
			return oncall.PagesEvent{Stamp: s, Complete: whole, Every: 10 * time.Second}
		}, "nothing open"},
		{"gh", "DEPLOYS", func(s oncall.Stamp, _ bool) oncall.Event {
			return oncall.DeploysEvent{Stamp: s, Every: 10 * time.Second}
		}, "no deploys in the last days"},
		{"app", "LOGS", func(s oncall.Stamp, _ bool) oncall.Event { return oncall.LinesEvent{Stamp: s} }, "quiet so far"},
	} {
		for _, ascii := range []bool{false, true} {
			drawn, words := map[string]string{}, map[string]string{}
			for name, c := range map[string]struct {
				answers, whole bool
				fault          *oncall.Fault
				wait           time.Duration
				word           string
			}{
				"never":       {word: "not answered yet"},
				"never, down": {fault: unavailable("x"), word: "no answer yet"},
				"empty":       {answers: true, whole: true, word: l.empty},
				"empty, down": {answers: true, whole: true, fault: unavailable("x"), word: "LATE"},
				"cut short":   {answers: true, word: "LATE"},
				"late":        {answers: true, whole: true, wait: 20 * time.Second, word: "LATE"},
				"stale":       {answers: true, whole: true, wait: 40 * time.Second, word: "STALE"},
				"lost":        {answers: true, whole: true, wait: 11 * time.Minute, word: "LOST"},
			} {
				if l.title != "PAGES" && name == "cut short" || l.title == "LOGS" && c.wait > 0 {
					continue // only a list of pages can be cut short; a log may be quiet
				}
				f := newFixture(t)
				f.opts.Sheet.ASCII = ascii
				f.size(80, 24)
				if c.answers {
					f.event(l.answer(oncall.Stamp{Source: l.source, At: f.clock}, c.whole))
				}
				if c.fault != nil {
					f.event(oncall.HealthEvent{Stamp: oncall.Stamp{Source: l.source, At: f.clock, Err: c.fault}})
				}
				f.clock = f.clock.Add(c.wait)
				f.Update(tickMsg{})
				drawn[name], words[name] = tileOf(t, f, l.title), c.word
				for _, all := range []string{"nothing open", "no deploys in the last days", "quiet so far"} {
					if strings.Contains(drawn[name], all) && name != "empty" {
						t.Errorf("%s %s says %q:\n%s", l.title, name, all, drawn[name])
					}
				}
				if n := strings.Contains(drawn[name], "0 open"); n && name != "empty" {
					t.Errorf("%s %s counts 0:\n%s", l.title, name, drawn[name])
				}
			}
			distinct(t, drawn, words)
		}
	}
}
