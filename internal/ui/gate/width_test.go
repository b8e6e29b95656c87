package gate_test

import (
	"strings"
	"testing"
	"unicode"

	"conway/internal/text"
	"conway/internal/text/attack"
)

// clusters are the strings that terminals are known to measure differently:
// every code point alone and after a letter, the pairs and sequences that
// Unicode's test files are made of, and what others have collected.
func clusters(tb testing.TB) []string {
	tb.Helper()
	var out []string
	for r := rune(0xa0); r < 0x20000; r++ {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cf) {
			continue
		}
		if unicode.Is(unicode.Han, r) && r&0x1f != 0 || r >= 0xac00 && r <= 0xd7a3 && r%37 != 0 {
			continue // all alike: a sample of them
		}
		out = append(out, string(r))
		if unicode.IsMark(r) {
			out = append(out, "x"+string(r), "क"+string(r)+"ष", "क"+string(r)+string(r))
		}
	}
	emoji := []rune("☀☎☝⌚⌛⚠⚡✅✊✌❤➕⬛⭐〰🀄🃏🅰🆎🈁🌀🌍🎅🏃🏳🏴🏿👀👁👍👦👧👨👩💋🔥🗣🙂🚀🚒🤝🥷🧑🪐🫀🫱")
	for _, a := range emoji {
		for _, after := range []string{"\ufe0f", "\ufe0e", "\u20e3", "\u200d", "🏻", "🏿", "\u0301", "\U000e0067\U000e007f", "\ufe0f\u20e3"} {
			out = append(out, string(a)+after)
		}
		for _, b := range emoji {
			out = append(out, string(a)+"\u200d"+string(b), string(a)+"\ufe0f\u200d"+string(b)+"\ufe0f", string(a)+string(b))
		}
	}
	for a := rune(0x1f1e6); a <= 0x1f1ff; a++ {
		for b := rune(0x1f1e6); b <= 0x1f1ff; b++ {
			out = append(out, string(a)+string(b))
		}
	}
	// One of each value of Grapheme_Cluster_Break and the like, all pairs and
	// triples: what GraphemeBreakTest.txt consists of.
	sample := []rune{0x20, '\r', '\n', 1, 0x34f, 0x1f1e6, 0x600, 0xa03, 0x1100, 0x1160, 0x11a8, 0xac00, 0xac01, 0x903, 0x904, 0xd4e, 0x915, 0x231a, 0x300, 0x93c, 0x94d, 0x200d, 0x378, 'a', 0xe33, 0x1f6d1, 0x1b0b, 0x1b44, 0x301}
	for _, a := range sample {
		for _, b := range sample {
			out = append(out, string(a)+string(b))
			for _, c := range sample {
				out = append(out, string(a)+string(b)+string(c))
			}
		}
	}
	for _, a := range public(tb) {
		out = append(out, a.Raw)
	}
	return out
}

// public is what others have collected.
func public(tb testing.TB) []attack.Attack {
	tb.Helper()
	all, err := attack.Public()
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// pages lays strings out on screens of w by h cells: tiles between borders, all
// of them at an odd column in every other row.
func pages(all []string, w, h int) [][]string {
	const inner = 12
	var out [][]string
	var rows []string
	var row strings.Builder
	used := 0
	bar := "│"
	start := func() {
		row.Reset()
		row.WriteString(strings.Repeat(" ", len(rows)%2) + bar)
		used = len(rows)%2 + 1
	}
	start()
	flush := func() {
		row.WriteString(strings.Repeat(" ", w-used))
		rows = append(rows, row.String())
		if len(rows) == h {
			out, rows = append(out, rows), nil
		}
		start()
	}
	for _, s := range all {
		row.WriteString(text.Decode(s).Fit(inner).String() + bar)
		if used += inner + 1; used+inner+1 > w {
			flush()
		}
	}
	flush()
	for len(rows) > 0 {
		flush()
	}
	return out
}

// TestNoClusterMovesABorder draws every such string between borders, in an
// emulator that measures by clusters, and looks where the borders are.
func TestNoClusterMovesABorder(t *testing.T) {
	all := clusters(t)
	if !everything {
		some := all[:0]
		for i := range len(all) / 16 {
			some = append(some, all[i*16+i%16])
		}
		all = some
	}
	cells, screens := 0, 0
	for _, on := range []bool{false, true} {
		const w, h = 200, 60
		c, e := newCanvas(w, h), emulator(w, h, on)
		for _, rows := range pages(all, w, h) {
			out := c.draw(t, strings.Join(rows, "\n"))
			if _, err := e.Write(out); err != nil {
				t.Fatal(err)
			}
			if bad := foreign(out, false); len(bad) > 0 {
				t.Fatalf("the terminal gets %q", bad)
			}
			n, wrong, first := displaced(expect(rows), emulate(e, w, h))
			cells, screens = cells+n, screens+1
			if wrong > 0 {
				t.Fatalf("%d border cells out of column: %s", wrong, first)
			}
		}
		if n := c.gate.Dropped(); n > 0 {
			t.Errorf("the gate dropped %d", n)
		}
	}
	t.Logf("corpus: %d strings, %d screens, %d border cells, 0 out of column (emulator with clusters)", len(all), screens, cells)
}
