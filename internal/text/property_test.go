package text_test

import (
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"conway/internal/sources/lines"
	"conway/internal/text"
	"conway/internal/text/attack"
)

// corpus is every hostile string: the own ones and those of public collections.
func corpus(tb testing.TB) []attack.Attack {
	tb.Helper()
	public, err := attack.Public()
	if err != nil {
		tb.Fatal(err)
	}
	return append(attack.All(), public...)
}

// TestEveryAttackIsOnlyWhatMayBeDrawn is the decoder's promise.
func TestEveryAttackIsOnlyWhatMayBeDrawn(t *testing.T) {
	all, cells := corpus(t), 0
	for _, a := range all {
		if err := wrong(a.Raw); err != "" {
			t.Errorf("%s %s: %s", a.Threat, a.Name, err)
		}
		cells += text.Decode(a.Raw).Width()
	}
	t.Logf("corpus: %d strings decoded into %d cells, 0 that may not be drawn", len(all), cells)
}

// wrong returns what is wrong with the text made of raw, empty for nothing.
func wrong(raw string) string {
	s := text.Decode(raw)
	cells := 0
	for _, r := range s.String() {
		switch {
		case !text.Drawn(r), unicode.In(r, unicode.C, unicode.Zl, unicode.Zp), r == utf8.RuneError && strings.IndexByte(raw, 0xef) < 0:
			return "it holds " + text.Escape(string(r))
		}
		cells++
	}
	switch {
	case !utf8.ValidString(s.String()):
		return "it is no UTF-8"
	case len(s.String()) > 49<<10:
		return "it is too long"
	// The renderer measures as the decoder does, so that what it places is where
	// the decoder said.
	case ansi.StringWidthWc(s.String()) != s.Width():
		return "the renderer gives it another width"
	case len(s.ASCII().String()) != s.Width() || s.ASCII().Width() != s.Width():
		return "its ASCII form has another width"
	}
	return ""
}

// TestNothingIsLostToTheEye checks that text which differs looks different,
// except where it is another spelling of the same letter.
func TestNothingIsLostToTheEye(t *testing.T) {
	seen := map[string]rune{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == '\t' || r == '\n' || !utf8.ValidRune(r) {
			continue
		}
		got := text.Decode("a" + string(r)).String()
		if strings.TrimRight(got, " ") == "a" && r != ' ' && r != '\u3000' {
			t.Errorf("%U cannot be seen", r)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%U and %U are drawn alike: %q", other, r, got)
		}
		seen[got] = r
	}
}

// TestCutAnywhereGivesTheSameCells sends each attack to the reader that all log
// sources share in two pieces, cut at every byte, and expects the cells of the
// whole. Decode itself never sees a piece: sources hand over whole lines.
func TestCutAnywhereGivesTheSameCells(t *testing.T) {
	cuts, all := 0, corpus(t)
	for _, a := range all {
		raw := a.Raw[:min(len(a.Raw), 1200)]
		want := cells(raw)
		for i := range len(raw) + 1 {
			cuts++
			if got := cells(raw[:i], raw[i:]); !slices.Equal(got, want) {
				t.Fatalf("%s %s: cut at byte %d it is %q, want %q", a.Threat, a.Name, i, got, want)
			}
		}
	}
	t.Logf("corpus: %d cuts of %d strings, 0 differences", cuts, len(all))
}

func cells(pieces ...string) []string {
	var s lines.Splitter
	var out []string
	add := func(raw string, _ bool) { out = append(out, text.Decode(raw).String()) }
	for _, p := range pieces {
		s.Add([]byte(p), time.Unix(1, 0), add)
	}
	s.End(add)
	return out
}

func TestHugeLineIsCheapAndLeavesLittle(t *testing.T) {
	for name, unit := range map[string]string{"ascii": "x", "wide": "漢", "broken": "\xff", "controls": "\x1b[31m", "marks": "e\u0301", "tabs": "\t"} {
		raw := strings.Repeat(unit, 10<<20/len(unit))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		s := text.Decode(raw)
		took := time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
		t.Logf("10 MiB of %-8s %8s, %d bytes kept, %d cells", name, took.Round(time.Microsecond), kept, s.Width())
		if took > 50*time.Millisecond || kept > 64<<10 || len(s.String()) > 64<<10 {
			t.Errorf("%s: took %s, kept %d bytes", name, took, kept)
		}
		if !strings.HasSuffix(s.String(), " ⟪cut⟫") {
			t.Errorf("%s: does not say that it was cut", name)
		}
		runtime.KeepAlive(raw)
		runtime.KeepAlive(s)
	}
}

func TestEscapeGivesTheBytesBackOfEveryAttack(t *testing.T) {
	all := corpus(t)
	for _, a := range all {
		roundTrip(t, a.Raw)
	}
	t.Logf("corpus: the bytes of %d strings of %d come back from their escaped form", len(all), len(all))
}

func TestEscapeGivesTheBytesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roundTrip(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))+rapid.String().Draw(t, "text"))
	})
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func roundTrip(t failer, raw string) {
	t.Helper()
	e := text.Escape(raw)
	if i := strings.IndexFunc(e, func(r rune) bool { return r < 0x20 || r > 0x7e }); i >= 0 {
		t.Fatalf("the escaped form of %q is not printable ASCII: %q", raw, e)
	}
	back, err := text.Unescape(e)
	if err != nil || back != raw {
		t.Fatalf("%q escaped is %q and comes back as %q, %v", raw, e, back, err)
	}
}

func TestEscapeIsReadable(t *testing.T) {
	for raw, want := range map[string]string{
		"plain":          "plain",
		"a\\b":           `a\\b`,
		"tab\there\r\n":  `tab\there\r\n`,
		"\x1b[31m\x00":   `\x1B[31m\x00`,
		"\xff\xc3":       `\xFF\xC3`,
		"é\u202e🔥\ufffd": `\u{E9}\u{202E}\u{1F525}\u{FFFD}`,
		`\u{E9}`:         `\\u{E9}`,
	} {
		if got := text.Escape(raw); got != want {
			t.Errorf("Escape(%q) = %s, want %s", raw, got, want)
		}
	}
	for _, bad := range []string{`\`, `\q`, `\x1`, `\xgg`, `\u{}`, `\u{110000}`, `\u{D800}`, `\u{1`, `\u12`, `\u{+1}`} {
		if got, err := text.Unescape(bad); err == nil {
			t.Errorf("Unescape(%s) = %q", bad, got)
		}
	}
}

func TestMixedScripts(t *testing.T) {
	for raw, want := range map[string]string{
		"rm -rf /var/lib":           "",
		"kubectl delete pod раypal": "раypal",
		"Привет мир":                "",
		"支払い Kafka の再起動":            "",
		"Kafkaの再起動":                 "",
		"αdmin":                     "αdmin",
		"naïve café":                "",
		"payment\u0301s":            "",
	} {
		if got, scripts := text.Mixed(raw); got != want {
			t.Errorf("Mixed(%q) = %q %v, want %q", raw, got, scripts, want)
		}
	}
	if _, s := text.Mixed("раypal"); !slices.Equal(s, []string{"Cyrillic", "Latin"}) {
		t.Errorf("scripts: %v", s)
	}
}

// TestCutAndSliceKeepClusters cuts text at every cell: no mark is ever left
// without its letter, and the width is exact.
func TestCutAndSliceKeepClusters(t *testing.T) {
	for _, a := range attack.All() {
		s := text.Decode(a.Raw[:min(len(a.Raw), 400)])
		for w := range s.Width() + 2 {
			sl := s.Slice(w, s.Width())
			if sl.Width() != max(0, s.Width()-w) || ansi.StringWidthWc(sl.String()) != sl.Width() {
				t.Fatalf("%s: %q from cell %d is %q, %d cells", a.Name, s, w, sl, sl.Width())
			}
			if sl = s.Slice(0, w); sl.Width() != min(w, s.Width()) || ansi.StringWidthWc(sl.String()) != sl.Width() {
				t.Fatalf("%s: %q to cell %d is %q, %d cells", a.Name, s, w, sl, sl.Width())
			}
			head, tail := s.Cut(w)
			if head.String()+tail.String() != s.String() || head.Width()+tail.Width() != s.Width() || (w > 5 && head.Width() > w) {
				t.Fatalf("%s: %q cut at %d is %q and %q", a.Name, s, w, head, tail)
			}
			for _, part := range []text.Safe{s.Slice(w, s.Width()), tail} {
				if r, _ := utf8.DecodeRuneInString(part.String()); unicode.IsMark(r) {
					t.Fatalf("%s: %q cut at %d begins with the mark %U", a.Name, s, w, r)
				}
			}
		}
	}
}

func TestFormattingVerbsLetNothingThrough(t *testing.T) {
	if got, want := text.Sprintf("%c%c%c", 0x1b, 0x202e, 'x').String(), "⟪U+001B⟫⟪U+202E⟫x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// corpusLines are the lines that the cost is measured with: what most logs are.
func corpusLines() []string {
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("payment declined upstream=acquirer GET /v1/orders 200 12ms level=error msg=\"retry budget exhausted\" order=829301 pool=checkout")
	out := make([]string, 0, 2000)
	for range 2000 {
		var b strings.Builder
		for n := 80 + rng.IntN(200); b.Len() < n; {
			b.WriteString(words[rng.IntN(len(words))] + " ")
		}
		out = append(out, b.String())
	}
	return out
}

// BenchmarkDecodeASCII measures decoding against a plain copy of the same lines
// in the same run: the ratio is decode's time by the copy's.
func BenchmarkDecodeASCII(b *testing.B) {
	in := corpusLines()
	size := 0
	for _, l := range in {
		size += len(l)
	}
	b.SetBytes(int64(size))
	var decode, plain, move time.Duration
	copies, safe, buf := make([]string, len(in)), make([]text.Safe, len(in)), make([]byte, 0, 1<<10)
	for b.Loop() {
		t0 := time.Now()
		for i, l := range in {
			copies[i] = strings.Clone(l)
		}
		t1 := time.Now()
		for _, l := range in {
			buf = append(buf[:0], l...)
		}
		t2 := time.Now()
		for i, l := range in {
			safe[i] = text.Decode(l)
		}
		plain += t1.Sub(t0)
		move += t2.Sub(t1)
		decode += time.Since(t2)
	}
	b.ReportMetric(float64(decode)/float64(plain), "of-a-copy")
	b.ReportMetric(float64(decode)/float64(move), "of-a-copy-into-one-buffer")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/decode.Seconds(), "decode-MB/s")
}

// BenchmarkDecodeMixed is the cost where nothing is plain.
func BenchmarkDecodeMixed(b *testing.B) {
	line := strings.Repeat("支払い失敗 \x1b[31mошибка\u202e é ", 6)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		_, _ = io.WriteString(io.Discard, text.Decode(line).String())
	}
}
