package oncall_test

import (
	"testing"

	"conway/internal/oncall"
)

func TestMarkedText(t *testing.T) {
	a := oncall.Action{ID: "A1", Text: "rolled back\nv413 \n"}
	marked := a.MarkedText()
	words, marker := oncall.SplitMarker(marked)
	if words != "rolled back\nv413" || len(marker) != 8 || marked != words+" [conway:"+marker+"]" {
		t.Errorf("%q parts into %q and %q", marked, words, marker)
	}
	if again := a.MarkedText(); again != marked {
		t.Errorf("the second time it is %q", again)
	}
	b := oncall.Action{ID: "A2", Text: a.Text}
	if b.MarkedText() == marked {
		t.Error("two notes with the same words cannot be told apart")
	}
	if none := (oncall.Action{Text: "x"}).MarkedText(); none != "x" {
		t.Errorf("without an ID it is %q", none)
	}
	if none := (oncall.Action{ID: "A1", Text: " \n"}).MarkedText(); none != " \n" {
		t.Errorf("without words it is %q", none)
	}
}

func TestSplitMarkerLeavesOtherNotesAlone(t *testing.T) {
	for _, note := range []string{
		"", "plain ", "[conway:]", "x [conway:ABCDEFG]", "x [conway:abcdefgh]", "x [conway:ABCDEFGH] y",
		"x [conway:ABCDEFGH", "x [conway:ABCDEF H]",
	} {
		if words, marker := oncall.SplitMarker(note); words != note || marker != "" {
			t.Errorf("%q parts into %q and %q", note, words, marker)
		}
	}
	// A pager may trim what it keeps, or put a line's end to it.
	if words, marker := oncall.SplitMarker("x [conway:ABCDEFGH]\r\n"); words != "x" || marker != "ABCDEFGH" {
		t.Errorf("got %q and %q", words, marker)
	}
}
