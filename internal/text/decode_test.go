package text_test

import (
	"fmt"
	"strings"
	"testing"

	"conway/internal/text"
	"conway/internal/text/attack"
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
		{"emoji form of a symbol", "❤\ufe0f ⚠\ufe0f", "❤␢ ⚠␢"},
		{"variation selector on a letter", "a\ufe0f 🔥\ufe0f", "a⟪U+FE0F⟫ 🔥⟪U+FE0F⟫"},
		{"text form of a symbol", "❤\ufe0e", "❤⟪U+FE0E⟫"},
		{"family of emoji", "👨\u200d👩", "👨⟪U+200D⟫👩"},
		{"keycap", "1\ufe0f\u20e3", "1⟪U+FE0F⟫⟪U+20E3⟫"},
		{"no-break space is no space", "rm\u00a0-rf", "rm␣-rf"},
		{"Hebrew with points", "שָׁלוֹם", "שָׁלוֹם"},
		{"Devanagari", "भुगतान विफल हुआ", "भुगतान विफल हुआ"},
		{"Devanagari conjunct", "क्षेत्र", "क्षेत्र"},
		{"Tamil", "கட்டணம் தோல்வி", "கட்டணம் தோல்வி"},
		{"Thai", "การชำระเงินล้มเหลว น้ำ", "การชำระเงินล้มเหลว น้ำ"},
		{"Burmese", "ကြောင်း", "ကြောင်း"},
		{"Vietnamese", "Thanh toán bị từ chối", "Thanh toán bị từ chối"},
		{"Vietnamese, combining", "tu\u031b\u0300 cho\u0302\u0301i", "tu\u031b\u0300 cho\u0302\u0301i"},
		{"Japanese of a Mac's file name", "か\u3099", "か\u3099"},
		{"Hangul", "결제 실패", "결제 실패"},
		{"half of a Hangul syllable", "ᄀ\u1161", "⟪U+1100⟫⟪U+1161⟫"},
		{"vowel sign without a letter", "\u093ex", "⟪U+093E⟫x"},
		{"symbol whose width changed in Unicode 16", "䷀", "⟪U+4DC0⟫"},
		{"object replacement", "\ufffc", "⟪U+FFFC⟫"},
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

func TestBareDrawsOnlyASCII(t *testing.T) {
	for raw, want := range map[string]string{
		"rm -rf /tmp/x":         "rm -rf /tmp/x",
		"cat\t'\\u{E9}' é":      "cat␉'\\u{E9}' ⟪U+00E9⟫",
		"раypal \u202e\xff\x1b": "⟪U+0440⟫⟪U+0430⟫ypal ⟪U+202E⟫⟪FF⟫␛",
		"支":                     "⟪U+652F⟫",
	} {
		if got := text.Bare(raw); got.String() != want {
			t.Errorf("Bare(%q) = %q, want %q", raw, got, want)
		}
	}
	if got := text.Bare(strings.Repeat("é", 5<<20)); !strings.HasSuffix(got.String(), "⟪cut⟫") || len(got.String()) > 64<<10 {
		t.Errorf("a huge line is %d bytes", len(got.String()))
	}
}

func TestDecodeBoundsZalgo(t *testing.T) {
	got := text.Decode("a" + strings.Repeat("\u0301", 100)).String()
	if n := strings.Count(got, "\u0301"); n != 4 {
		t.Errorf("%d marks drawn on one letter, want 4", n)
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

func TestCutOfNothingIsNothing(t *testing.T) {
	for _, w := range []int{-79, -1, 0, 1} {
		if head, tail := text.Decode("").Cut(w); !head.Empty() || !tail.Empty() {
			t.Errorf("nothing cut at %d is %q and %q", w, head, tail)
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
	s := text.Decode("支払い é ⟪ \x1b\r\u00a0").ASCII()
	if want := "?????? ? <U+27EA> [M_"; s.String() != want || s.Width() != len(want) {
		t.Errorf("got %q (%d cells), want %q", s, s.Width(), want)
	}
}

// FuzzDecode checks what every line on the screen rests on.
func FuzzDecode(f *testing.F) {
	for _, a := range attack.All() {
		if len(a.Raw) < 4<<10 {
			f.Add(a.Raw, 3)
		}
	}
	for _, s := range []string{"", "plain", "支e\u0301🔥", "क्षेत्र น้ำ ｶﾞ", "⚠\ufe0f"} {
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, raw string, cut int) {
		if err := wrong(raw); err != "" {
			t.Fatalf("Decode(%q): %s", raw, err)
		}
		got := text.Decode(raw)
		if n := max(0, min(cut, got.Width())); got.Slice(0, n).Width() != n || got.Slice(n, got.Width()).Width() != got.Width()-n {
			t.Fatalf("slice of %q at %d is %d cells", raw, n, got.Slice(0, n).Width())
		}
		if head, tail := got.Cut(cut); head.String()+tail.String() != got.String() {
			t.Fatalf("%q cut at %d is %q and %q", raw, cut, head, tail)
		}
		roundTrip(t, raw)
	})
}
