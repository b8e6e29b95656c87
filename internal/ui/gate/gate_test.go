package gate_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"conway/internal/text/attack"
	"conway/internal/ui/gate"
)

// through sends pieces through a new gate.
func through(tb testing.TB, pieces ...string) (string, uint64) {
	tb.Helper()
	var out bytes.Buffer
	g := gate.New(&out)
	for _, p := range pieces {
		if n, err := g.Write([]byte(p)); n != len(p) || err != nil {
			tb.Fatalf("Write(%q) = %d, %v", p, n, err)
		}
	}
	return out.String(), g.Dropped()
}

// own is every sequence of the renderer and the view.
func own() []string {
	return []string{
		"plain", "支払い é ✓ ⟪U+202E⟫ ␛", "\r\n\b\t", "\a",
		ansi.CursorUp(1), ansi.CursorUp(12), ansi.CursorDown(3), ansi.CursorForward(4), ansi.CursorBackward(5),
		ansi.CursorPosition(80, 24), ansi.CursorHomePosition, ansi.CursorHorizontalAbsolute(9), ansi.VerticalPositionAbsolute(9),
		ansi.HorizontalPositionAbsolute(9), ansi.CursorHorizontalForwardTab(2), ansi.CursorBackwardTab(2), ansi.ReverseIndex,
		ansi.EraseCharacter(7), ansi.EraseLineRight, ansi.EraseLineLeft, ansi.EraseScreenBelow, ansi.EraseEntireScreen,
		ansi.InsertCharacter(2), ansi.DeleteCharacter(2), ansi.InsertLine(2), ansi.DeleteLine(2), ansi.ScrollUp(2), ansi.ScrollDown(2),
		ansi.RepeatPreviousCharacter(20), ansi.SetTopBottomMargins(3, 20), ansi.SetModeInsertReplace, ansi.ResetModeInsertReplace,
		ansi.ResetStyle, "\x1b[0m", "\x1b[1;3;4;7;22;23;24;27m", "\x1b[38;2;224;168;74;48;2;22;19;15m", "\x1b[38;5;208;48;5;17m", "\x1b[31;107;39;49m",
		ansi.SetModeTextCursorEnable, ansi.ResetModeTextCursorEnable, ansi.SetModeAutoWrap, ansi.ResetModeAutoWrap,
		ansi.SetModeBracketedPaste, ansi.ResetModeBracketedPaste, ansi.SetModeSynchronizedOutput, ansi.ResetModeSynchronizedOutput,
		ansi.RequestModeSynchronizedOutput, ansi.RequestKittyKeyboard, ansi.PushKittyKeyboard(1), ansi.PopKittyKeyboard(1), ansi.KittyKeyboard(1, 1),
		ansi.SetModifyOtherKeys2, ansi.ResetModifyOtherKeys, ansi.SetTabEvery8Columns, ansi.SetCursorStyle(2),
		ansi.SetWindowTitle("conway 3 open, 1 unacked"), ansi.SetWindowTitle(""), ansi.SetWindowTitle("支払い é"),
	}
}

func TestWhatTheProgramSendsPasses(t *testing.T) {
	for _, s := range own() {
		want := s
		if strings.HasSuffix(s, "m") && s[2] != '>' {
			want = "" // a pen waits for what is drawn with it: see TestAPenIsSetWhenItIsUsed
		}
		if got, dropped := through(t, s); got != want || dropped != 0 {
			t.Errorf("%q comes out as %q, %d dropped", s, got, dropped)
		}
		// Cut at every byte into two writes it is the same.
		for i := range s {
			if got, dropped := through(t, s[:i], s[i:]); got != want || dropped != 0 {
				t.Errorf("%q and %q come out as %q, %d dropped", s[:i], s[i:], got, dropped)
			}
		}
	}
}

func TestTheAlternateScreenKeepsTheOrderOfText(t *testing.T) {
	got, _ := through(t, ansi.SetModeAltScreenSaveCursor+"x"+ansi.ResetModeAltScreenSaveCursor)
	if want := "\x1b[?1049h\x1b[8l\x1b[mx\x1b[8h\x1b[?1049l"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheQuestionForClustersIsNotAsked(t *testing.T) {
	if got, dropped := through(t, ansi.RequestModeUnicodeCore+ansi.SetModeUnicodeCore+ansi.ResetModeUnicodeCore); got != "" || dropped != 0 {
		t.Errorf("got %q, %d dropped", got, dropped)
	}
	if msg := gate.Filter(nil, tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset}); msg != nil {
		t.Errorf("the answer nobody asked for reaches the program: %v", msg)
	}
	if msg := gate.Filter(nil, tea.ModeReportMsg{Mode: ansi.ModeSynchronizedOutput}); msg == nil {
		t.Error("another answer does not reach the program")
	}
}

// TestForeignSequencesAreDroppedAndCounted lists one of each kind. The text
// behind each arrives, so that one bad sequence never takes the screen along.
func TestForeignSequencesAreDroppedAndCounted(t *testing.T) {
	for _, s := range []string{
		"\x1b[3J", "\x1b[5m", "\x1b[8m", "\x1b[9m", "\x1b[4:3m", "\x1b[38;2;1;2m", "\x1b[38;2;300;0;0m", "\x1b[38;7m", "\x1b[58;5;1m",
		"\x1b[" + strings.Repeat(";", 32) + "1m", "\x1b[" + strings.Repeat(";", 400) + "1m", "\x1b[99999b", "\x1b[1;2;3H", "\x1b[1;1;1;1;2;2;2;2$v",
		"\x1b[6n", "\x1b[5n", "\x1b[c", "\x1b[>c", "\x1b[21t", "\x1b[8;1;1t", "\x1b[?6n", "\x1b[?1h", "\x1b[?6h", "\x1b[?69h", "\x1b[?1000h", "\x1b[?1002h", "\x1b[?1003h", "\x1b[?1006h", "\x1b[?1004h", "\x1b[>31u", "\x1b[?25;1049h", "\x1b[20h", "\x1b[4;20h",
		"\x1b[!p", "\x1b[s", "\x1b[u", "\x1b[3g", "\x1b[5i", "\x1b[>31;1u", "\x1b[>99u", "\x1b[=1;9u", "\x1b[>0q", "\x1b[?996n", "\x1b[9 q",
		"\x1bc", "\x1b7", "\x1b8", "\x1b=", "\x1bD", "\x1b(0", "\x1b#8", "\x1b%G", "\x1bN", "\x1b[1\x18", "\x00", "\x0e", "\x05", "\x7f", "\a\a",
		"\x1b]0;t\a", "\x1b]2;t\x1b\\", "\x1b]2;a\x1b[31m\a", "\x1b]2;\u202e\a", "\x1b]2;" + strings.Repeat("x", 2000) + "\a", "\x1b]8;;http://x\a", "\x1b]52;c;eA==\a", "\x1b]11;?\a", "\x1b]9;x\a",
		"\x1bPq\x1b\\", "\x1bP$qm\x1b\\", "\x1b_G\x1b\\", "\x1b^x\x1b\\", "\x1bXx\x1b\\", "\x1bktitle\x1b\\", "\x1bPtmux;\x1b\x1b]52;c;eA==\a\x1b\\",
		"\u009b2J", "\x9b2J", "\u202e", "\u200b", "\U000e0041", "\xff", "\xc0\x9b", "\u0085", "\ue000", "\U0001f1e6", "\u2028",
	} {
		got, dropped := through(t, "a"+s+"\x1b[0;1mz")
		if dropped == 0 {
			t.Errorf("%q passes", s)
		}
		if bad := foreign([]byte(got), true); len(bad) > 0 {
			t.Errorf("%q leaves %q", s, bad)
		}
		if !strings.HasPrefix(got, "a") || !strings.HasSuffix(got, "\x1b[0;1mz") {
			t.Errorf("%q takes what is around it along: %q", s, got)
		}
	}
}

// TestNoAttackPassesOnItsOwn sends the attacks past the first gate.
func TestNoAttackPassesOnItsOwn(t *testing.T) {
	harmless := 0
	for _, a := range attack.All() {
		// A frame may hold colours and moves: those of the renderer. They cannot be
		// told from these, and are the only ones that pass.
		got, dropped := through(t, a.Raw, "\x18\x1b[mx\r\nend")
		if bad := foreign([]byte(got), true); len(bad) > 0 {
			t.Errorf("%s %s leaves %q", a.Threat, a.Name, bad)
		}
		if !strings.HasSuffix(got, "\r\nend") {
			t.Errorf("%s %s takes what follows along: %q", a.Threat, a.Name, got[max(0, len(got)-40):])
		}
		if dropped == 1 { // only what the test added
			harmless++
		}
	}
	t.Logf("corpus: %d attacks straight into the second gate, %d of them hold only what the renderer may send", len(attack.All()), harmless)
}

func TestCopyPassesOnceAndOnlyAsArmed(t *testing.T) {
	var out bytes.Buffer
	g := gate.New(&out)
	write := func(s string) string {
		out.Reset()
		if _, err := g.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	copied := ansi.SetSystemClipboard("kubectl get pods")
	if got := write(copied); got != "" {
		t.Errorf("unarmed: %q", got)
	}
	g.ArmCopy("kubectl get pods")
	if got := write(ansi.SetSystemClipboard("kubectl delete pods")); got != "" {
		t.Errorf("another text: %q", got)
	}
	if got := write("a" + copied + "b"); got != "a"+copied+"\x1b[mb" {
		t.Errorf("armed: %q", got)
	}
	if got := write(copied); got != "" {
		t.Errorf("twice: %q", got)
	}
	wrapped := ansi.TmuxPassthrough(copied)
	g.Arm(wrapped)
	for i := range len(wrapped) - 1 { // in single bytes
		if got := write(wrapped[i : i+1]); got != "" {
			t.Errorf("byte %d: %q", i, got)
		}
	}
	if got := write(wrapped[len(wrapped)-1:]); got != wrapped {
		t.Errorf("wrapped: %q", got)
	}
	g.ArmCopy("x")
	if got := write("\x1b[1mbold\x1b]2;t\a"); got != "\x1b[0;1mbold\x1b]2;t\a" {
		t.Errorf("other sequences while armed: %q", got)
	}
	if n := g.Dropped(); n != 3 {
		t.Errorf("%d dropped, want 3", n)
	}
}

func TestUncertainClustersAreAnchored(t *testing.T) {
	for in, want := range map[string]string{
		"भाx":         "भ\x1b7 \x1b8ा\x1b8\x1b[Cx",
		"कों│":        "क\x1b7 \x1b8ों\x1b8\x1b[C│",
		"क्षx":        "क्\x1b7 \x1b8ष\x1b8\x1b[Cx",
		"क्ंषx":       "क्ं\x1b7 \x1b8ष\x1b8\x1b[Cx",
		"क\x1b[1mा\r": "क\x1b[0;1m\x1b7 \x1b8ा\x1b8\x1b[C\r",
		"นำ":          "น\x1b7 \x1b8ำ\x1b8\x1b[C",
		"e\u0301│":    "e\u0301│",
		"支│":          "支│",
	} {
		if got, dropped := through(t, in); got != want || dropped != 0 {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("the terminal is gone") }

func TestAWriterThatFailsIsReported(t *testing.T) {
	if n, err := gate.New(failing{}).Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("got %d, %v", n, err)
	}
	if fd := gate.New(failing{}).Fd(); fd != ^uintptr(0) {
		t.Errorf("a writer that is no file has the descriptor %d", fd)
	}
}

// FuzzGate checks that whatever goes in, in whatever pieces, only known
// sequences and drawable characters come out, the pieces do not matter, and nor
// does it that pens are kept back.
func FuzzGate(f *testing.F) {
	for _, a := range attack.All() {
		if len(a.Raw) < 2<<10 {
			f.Add([]byte(a.Raw), uint16(len(a.Raw)/2))
		}
	}
	for _, s := range own() {
		f.Add([]byte(s), uint16(1))
	}
	f.Add([]byte("कों क्ष\x1b[31m支\x1b]2;title\a"), uint16(7))
	f.Add([]byte("\x1b[04h\x1b[?025l\x1b[?02026h"), uint16(4)) // as the program never spells them
	f.Add([]byte("\x1b[0000000A\x1b[00001m\x1b[9999;00009H"), uint16(23))
	for seed := range uint64(20) {
		f.Add([]byte(strokes(rand.New(rand.NewPCG(seed, 9)), 30, 20, 6)), uint16(seed))
	}
	f.Fuzz(func(t *testing.T, p []byte, at uint16) {
		var whole, parts bytes.Buffer
		g := gate.New(&whole)
		if n, err := g.Write(p); n != len(p) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		if bad := foreign(whole.Bytes(), true); len(bad) > 0 {
			t.Fatalf("%q lets %s through", p, bad)
		}
		// Beyond ASCII a sequence in between parts clusters, and what asks for an
		// answer would wait for whoever reads it.
		if ascii(p) && !bytes.ContainsAny(p, "$u") {
			if err := looksAsEager(p, whole.Bytes()); err != nil {
				t.Fatalf("%q: %v", p, err)
			}
		}
		cut := int(at) % (len(p) + 1)
		h := gate.New(&parts)
		for _, piece := range [][]byte{p[:cut], p[cut:]} {
			if _, err := h.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		// A bell may ring in each write, and an anchored cluster ends with its write.
		plain := strings.NewReplacer("\a", "", "\x1b7 \x1b8", "", "\x1b7  \x1b8", "", "\x1b8\x1b[C", "", "\x1b8\x1b[2C", "")
		if a, b := plain.Replace(whole.String()), plain.Replace(parts.String()); a != b {
			t.Fatalf("%q cut at %d gives %q, whole %q", p, cut, b, a)
		}
	})
}

func ascii(p []byte) bool {
	return !slices.ContainsFunc(p, func(b byte) bool { return b >= utf8.RuneSelf })
}
