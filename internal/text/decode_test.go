package text_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"conway/internal/text"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"empty", "", ""},
		{"ascii", "payment declined upstream=acquirer", "payment declined upstream=acquirer"},
		{"accents, precomposed and combining", "é e\u0301 ü", "é e\u0301 ü"},
		{"CJK", "支払いエラー 결제", "支払いエラー 결제"},
		{"Arabic", "خطأ في الدفع", "خطأ في الدفع"},
		{"one wide emoji", "🔥 hot", "🔥 hot"},
		{"tab", "a\tb", "a    b"},
		{"escape sequence", "\x1b[2Jx", "␛[2Jx"},
		{"carriage return", "ok\rACKED", "ok␍ACKED"},
		{"newline is no second line", "a\nb", "a␊b"},
		{"delete", "\x7f", "␡"},
		{"C1 as UTF-8", "\u009b31m", "⟪U+009B⟫31m"},
		{"C1 as a byte", "\x9b31m", "⟪9B⟫31m"},
		{"right-to-left override", "\u202egnp.exe", "⟪U+202E⟫gnp.exe"},
		{"zero width joiner", "a\u200db", "a⟪U+200D⟫b"},
		{"tag characters", "\U000e0041", "⟪U+E0041⟫"},
		{"variation selector", "❤\ufe0f", "❤⟪U+FE0F⟫"},
		{"half a flag", "🇩", "⟪U+1F1E9⟫"},
		{"blank letter", "\u3164", "⟪U+3164⟫"},
		{"our own marker in data", "⟪U+202E⟫", "⟪U+27EA⟫U+202E⟪U+27EB⟫"},
		{"our own control picture in data", "␛", "⟪U+241B⟫"},
		{"invalid UTF-8", "a\xff\xfeb", "a⟪FF⟫⟪FE⟫b"},
		{"surrogate half", "\xed\xa0\x80", "⟪ED⟫⟪A0⟫⟪80⟫"},
		{"mark without a letter", "\u0301x", "⟪U+0301⟫x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := text.Decode(c.raw)
			if got.String() != c.want {
				t.Errorf("Decode(%q) = %q, want %q", c.raw, got, c.want)
			}
		})
	}
}

func TestDecodeBoundsZalgo(t *testing.T) {
	got := text.Decode("a" + strings.Repeat("\u0301", 100)).String()
	if n := strings.Count(got, "\u0301"); n != 3 {
		t.Errorf("%d marks drawn on one letter, want 3", n)
	}
}

func TestDecodeBoundsLength(t *testing.T) {
	got := text.Decode(strings.Repeat("é", 5<<20))
	if got.Width() > 64<<10 || !strings.HasSuffix(got.String(), "⟪cut⟫") {
		t.Errorf("a huge line took %d cells and ends in %q", got.Width(), got.String()[len(got.String())-9:])
	}
	if strings.Contains(got.String(), "⟪C3⟫") {
		t.Error("the cap split a rune and blamed the sender for it")
	}
}

func TestSlice(t *testing.T) {
	for _, c := range []struct {
		raw      string
		from, to int
		want     string
	}{
		{"hello", 1, 3, "el"},
		{"支払い", 0, 4, "支払"},
		{"支払い", 1, 4, " 払"},
		{"支払い", 0, 3, "支 "},
		{"e\u0301x", 0, 1, "e\u0301"},
		{"e\u0301x", 1, 2, "x"},
		{"hello", 3, 99, "lo"},
		{"hello", 4, 2, ""},
	} {
		got := text.Decode(c.raw).Slice(c.from, c.to)
		if got.String() != c.want {
			t.Errorf("%q[%d:%d] = %q, want %q", c.raw, c.from, c.to, got, c.want)
		}
	}
}

func TestWrapKeepsEveryWord(t *testing.T) {
	in := text.Decode("the quick brown fox jumps over averyveryverylongwordindeed the lazy dog")
	for w := 1; w < 80; w++ {
		var joined strings.Builder
		for _, l := range in.Wrap(w) {
			if l.Width() > w {
				t.Fatalf("width %d: line %q is %d cells", w, l, l.Width())
			}
			joined.WriteString(l.String())
		}
		if got, want := strings.ReplaceAll(joined.String(), " ", ""), strings.ReplaceAll(in.String(), " ", ""); got != want {
			t.Fatalf("width %d: letters changed: %q", w, got)
		}
	}
}

func TestSprintfDecodesWhatItIsGiven(t *testing.T) {
	got := text.Sprintf("%s: %v, %d open, %s", "a\x1bb", fmt.Errorf("bad \x9b"), 3, text.Const("✓"))
	if want := "a␛b: bad ⟪9B⟫, 3 open, ✓"; got.String() != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestASCIIKeepsTheWidth(t *testing.T) {
	s := text.Decode("支払い é ⟪ \x1b").ASCII()
	if want := "?????? ? <U+27EA> ?"; s.String() != want || s.Width() != len(want) {
		t.Errorf("got %q (%d cells), want %q", s, s.Width(), want)
	}
}

// FuzzDecode checks what every line on the screen rests on.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[31m", "\xff\u202e", "支e\u0301🔥", "\x1b[" + strings.Repeat(";", 40) + "1m"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, raw string, cut int) {
		got := text.Decode(raw)
		if !utf8.ValidString(got.String()) {
			t.Fatalf("Decode(%q) is not UTF-8", raw)
		}
		for _, r := range got.String() {
			if unicode.Is(unicode.C, r) {
				t.Fatalf("Decode(%q) holds %U", raw, r)
			}
		}
		if n := max(0, min(cut, got.Width())); got.Slice(0, n).Width() != n {
			t.Fatalf("slice of %q to %d is %d cells", raw, n, got.Slice(0, n).Width())
		}
		if w := got.ASCII().Width(); w != got.Width() || len(got.ASCII().String()) != w {
			t.Fatalf("ASCII form of %q changes its width", raw)
		}
	})
}

func BenchmarkDecodeASCII(b *testing.B) {
	line := strings.Repeat("payment declined upstream=acquirer ", 6)[:195]
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		_ = text.Decode(line)
	}
}
