package overlay

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// TestChoiceIsAnsweredOnceItWasRead reads a question of more rows than there are in
// every room, and answers at every step: it counts only once each of its words was
// in sight, and in every room there is a way to answer it.
func TestChoiceIsAnsweredOnceItWasRead(t *testing.T) {
	words := []text.Safe{text.Const("one apple"), text.Const("two pears"), text.Const("three cherries and a plum"), text.Const("four")}
	all := strings.Fields("one apple two pears three cherries and a plum four")
	yes := pane.Say{Reason: "yes"}
	for w := 8; w <= 40; w += 4 {
		for h := 1; h <= 14; h++ {
			c := NewChoice(text.Const("FRUIT?"), words, Option{Key: "n", Words: text.Const("no")}, Option{Key: "y", Words: text.Const("do it"), Intent: yes})
			f := pane.Frame{Width: w, Height: h}
			seen := ""
			for step := 0; ; step++ {
				shown := uitest.Plain(c.View(f, board.Board{}).Fit(w, h))
				seen += " " + shown
				read := strings.Contains(shown, "y  do it")
				for _, word := range all {
					read = read && strings.Contains(seen, word)
				}
				res := c.Key(tea.KeyPressMsg{Code: 'y', Text: "y"}, f, board.Board{})
				if answered := res.Intent == yes; answered && !read {
					t.Fatalf("%dx%d: answered after %d steps, when no more was in sight than:\n%s", w, h, step, seen)
				} else if answered {
					break
				}
				if step == 40 {
					t.Fatalf("%dx%d: it cannot be answered:\n%s", w, h, shown)
				}
				c.Key(tea.KeyPressMsg{Code: 'j', Text: "j"}, f, board.Board{})
			}
		}
	}
}
