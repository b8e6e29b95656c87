package board_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"conway/internal/board"
	"conway/internal/oncall"
)

// TestTextsAreKept has a text become what is held of its lines, and not a copy.
func TestTextsAreKept(t *testing.T) {
	lines, texts := cutFrom(strings.Repeat("a line of some length, as they are\n", 3000) + "the last")
	e := batch(lines, 0)
	e.Texts = texts
	tail := fold(board.New(board.Options{}), e).Logs()
	if tail.Len() != 3001 {
		t.Fatalf("%d lines", tail.Len())
	}
	for i, l := range all(tail) {
		if l.Raw != lines[i].Raw || unsafe.StringData(l.Raw) != unsafe.StringData(lines[i].Raw) {
			t.Fatalf("line %d is %q, and the text's own is %q", i, l.Raw, lines[i].Raw)
		}
	}
}

// cutFrom returns the lines of a text, and the text.
func cutFrom(text string) ([]oncall.LogLine, []string) {
	var lines []oncall.LogLine
	for raw := range strings.SplitSeq(text, "\n") {
		lines = append(lines, oncall.LogLine{At: at(0), Source: "app", Raw: raw, Message: raw})
	}
	return lines, []string{text}
}

// TestTextsChangeNothing holds lines with texts that are theirs, of others, short,
// or missing to what they are without.
func TestTextsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		with, without := board.New(board.Options{LineCap: 9000}), board.New(board.Options{LineCap: 9000})
		for s := range rapid.IntRange(1, 5).Draw(t, "events") {
			var in []oncall.LogLine
			var texts []string
			for k := range rapid.IntRange(1, 4).Draw(t, "texts") {
				n := rapid.IntRange(1, 3000).Draw(t, "lines")
				ending := rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "ending")
				var text strings.Builder
				for i := range n {
					fmt.Fprintf(&text, "%d %d %s%s", s, k, strings.Repeat("x", i%90), ending)
				}
				all := strings.TrimSuffix(text.String(), "\n")
				lines, known := cutFrom(all)
				for i := range lines {
					lines[i].Raw = strings.TrimSuffix(lines[i].Raw, "\r")
					lines[i].Message = lines[i].Raw
				}
				switch rapid.IntRange(0, 4).Draw(t, "fault") {
				case 0:
					known = nil
				case 1:
					lines = lines[rapid.IntRange(0, len(lines)-1).Draw(t, "dropped"):]
				case 2:
					lines[rapid.IntRange(0, len(lines)-1).Draw(t, "which")].Raw = ""
				}
				in, texts = append(in, lines...), append(texts, known...)
			}
			e := batch(in, s)
			without = fold(without, e)
			e.Texts = texts
			with = fold(with, e)
		}
		a, b := all(with.Logs()), all(without.Logs())
		if !slices.Equal(a, b) {
			t.Fatalf("%d lines with texts, %d without, or others", len(a), len(b))
		}
		q, err := board.ParseQuery(`"1 xxxxxxx"`)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := with.Logs().Scan(q, with.Logs().Received(), 1<<30)
		y, _ := without.Logs().Scan(q, without.Logs().Received(), 1<<30)
		if !slices.Equal(x, y) {
			t.Fatalf("%d found with texts, %d without", len(x), len(y))
		}
	})
}
