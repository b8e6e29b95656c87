package logs_test

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/keymap"
	"conway/internal/ui/logs"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
	"conway/internal/ui/uitest"
)

// lit returns the drawn rows with what is marked as found in brackets.
func lit(b pane.Block) string {
	var rows []string
	for _, l := range b {
		row := ""
		for _, s := range l {
			if s.Role == style.Found {
				row += "[" + s.Text.String() + "]"
			} else {
				row += s.Text.String()
			}
		}
		rows = append(rows, strings.TrimRight(row, " "))
	}
	return strings.Join(rows, "\n")
}

func TestWhatIsFilteredForIsMarked(t *testing.T) {
	f := frame()
	f.Width, f.Height = 120, 5
	b := say(uitest.Fold(uitest.Empty(), uitest.Events()[0]), "app", uitest.Now().Add(-time.Minute),
		`level=warn msg="upstream Pool\x1b[2J exhausted" order=17 pool=7`, `level=info msg="order placed" order=18`)
	p := logs.New()
	if got := lit(p.View(f, b)); strings.Contains(got, "[pool") || strings.Contains(got, "[Pool") {
		t.Errorf("marked without a filter:\n%s", got)
	}
	p.Filter("/[Pp]ool/ order=17 !placed")
	for _, selected := range []bool{false, true} {
		if selected {
			p.Handle(keymap.Pause, f, b)
		}
		got := lit(p.View(f, b))
		for _, want := range []string{"upstream [Pool]", "[order=17] [pool]=7"} {
			if !strings.Contains(got, want) {
				t.Errorf("selected %v: %q is not in\n%s", selected, want, got)
			}
		}
	}
	for _, l := range p.View(f, b).Fit(f.Width, f.Height) {
		if l.Width() != f.Width {
			t.Errorf("a row is %d cells wide, want %d", l.Width(), f.Width)
		}
	}
	p.Filter("")
	if got := lit(p.View(f, b)); strings.Contains(got, "[Pool") {
		t.Errorf("marked after the filter:\n%s", got)
	}
}

func TestWhatAStoreWasAskedForIsMarked(t *testing.T) {
	f := frame()
	f.Width, f.Height = 120, 5
	for query, want := range map[string]string{
		`{app="checkout"} |= "timed out"`: "upstream alpha [timed out] in 3 s",
		"Alpha AND seconds":               "upstream [alpha] timed out in 3 s",
		`index=prod status=500`:           "upstream alpha timed out in 3 s",
	} {
		p := logs.New()
		p.Asked("store", query)
		p.Answered([]oncall.LogLine{oncall.ParseLine("upstream alpha timed out in 3 s", uitest.Now())})
		b := uitest.Fold(uitest.Empty(), uitest.Events()[0])
		if got := lit(p.View(f, b)); !strings.Contains(got, want) {
			t.Errorf("%s: %q is not in\n%s", query, want, got)
		}
		p.Handle(keymap.Back, f, b)
		if got := lit(p.View(f, b)); strings.Contains(got, "timed out]") {
			t.Errorf("marked after it was left:\n%s", got)
		}
	}
}
