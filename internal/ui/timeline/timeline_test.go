package timeline_test

import (
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/ui/pane"
	"conway/internal/ui/timeline"
	"conway/internal/ui/uitest"
)

// TestPatternsStandWhereTheyBegan draws what a log began to say among the rest, as
// the text that it is.
func TestPatternsStandWhereTheyBegan(t *testing.T) {
	b := uitest.Fold(uitest.Empty(), uitest.Events()...)
	row, _ := b.Page(uitest.Checkout())
	f := pane.Frame{Width: 100, Height: 40, Now: uitest.Now(), Zone: uitest.Zone(), Scene: pane.Scene{
		Page: uitest.Checkout(), Patterns: []board.Moment{
			{At: row.Page.CreatedAt.Add(-time.Second), Kind: board.MomentPattern, Text: "pool \x1b[31mexhausted after <*> ms", State: "5 lines"},
		},
	}}
	rows := strings.Split(uitest.Plain(timeline.New(follow.NewMap(uitest.Services())).View(f, b)), "\n")
	pattern, opened := -1, -1
	for i, l := range rows {
		switch {
		case strings.Contains(l, "\x1b"):
			t.Errorf("a line of a log acts on the terminal: %q", l)
		case strings.Contains(l, "log pattern · pool") && strings.Contains(l, "exhausted after <*> ms · 5 lines"):
			pattern = i
		case strings.Contains(l, "opened ·"):
			opened = i
		}
	}
	if pattern < 0 || opened != pattern+1 {
		t.Errorf("the pattern is in row %d, the page in %d:\n%s", pattern, opened, strings.Join(rows, "\n"))
	}
}
