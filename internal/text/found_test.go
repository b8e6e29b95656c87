package text_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"conway/internal/text"
)

// places returns where a word stands.
func places(word string) func(string) [][2]int {
	return func(s string) [][2]int {
		var out [][2]int
		for from := 0; ; {
			i := strings.Index(s[from:], word)
			if i < 0 {
				return out
			}
			out = append(out, [2]int{from + i, from + i + len(word)})
			from += i + len(word)
		}
	}
}

func TestFoundRunsEndWhereClustersDo(t *testing.T) {
	for _, c := range []struct{ raw, word, want string }{
		{"upstream timed out", "timed", "upstream [timed] out"},
		{"timed", "timed", "[timed]"},
		{"timedtimed", "timed", "[timedtimed]"},
		{"cafe\u0301 e", "e", "caf[e\u0301] [e]"},
		{"日本語", "本", "日[本]語"},
		{"nothing", "x", "nothing"},
		{"", "x", ""},
	} {
		got := ""
		for run, found := range text.Decode(c.raw).Found(places(c.word)) {
			if found {
				got += "[" + run.String() + "]"
			} else {
				got += run.String()
			}
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.raw, got, c.want)
		}
	}
}

// TestFoundLooksIntoNoMarker: what stands for a hostile byte was not sent.
func TestFoundLooksIntoNoMarker(t *testing.T) {
	for run, found := range text.Decode("a\x1b[31mESC").Found(places("ESC")) {
		if found && run.String() != "ESC" {
			t.Errorf("found %q", run.String())
		}
	}
	s, n := text.Decode("\x1b\x1b"), 0
	for _, found := range s.Found(func(sent string) [][2]int { return [][2]int{{0, len(sent)}} }) {
		if found {
			n++
		}
	}
	if n != 0 {
		t.Errorf("a marker was found in %q", s.String())
	}
}

// TestFoundLosesNothing: whatever is found, the runs are the text, in its cells.
func TestFoundLosesNothing(t *testing.T) {
	all := corpus(t)
	rapid.Check(t, func(t *rapid.T) {
		s := text.Decode(rapid.SampledFrom(all).Draw(t, "attack").Raw)
		a := rapid.IntRange(0, 40).Draw(t, "start")
		b := rapid.IntRange(a, 60).Draw(t, "end")
		var whole strings.Builder
		cells := 0
		for run := range s.Found(func(sent string) [][2]int {
			return [][2]int{{min(a, len(sent)), min(b, len(sent))}}
		}) {
			whole.WriteString(run.String())
			cells += run.Width()
		}
		if whole.String() != s.String() || cells != s.Width() {
			t.Fatalf("%q in %d cells, want %q in %d", whole.String(), cells, s.String(), s.Width())
		}
	})
}
