package style_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"conway/internal/text"
	"conway/internal/ui/style"
	"conway/themes"
)

func TestEveryThemeThatShipsParses(t *testing.T) {
	names := themes.Names()
	want := []string{"colour-blind", "dark", "greyscale", "high-contrast", "light", "night", "terminal"}
	if !slices.Equal(names, want) {
		t.Fatalf("themes: %v, want %v", names, want)
	}
	for _, n := range names {
		data, err := themes.Read(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := style.Parse(n, data); err != nil {
			t.Error(err)
		}
	}
}

func TestBadThemeSaysWhat(t *testing.T) {
	good, err := themes.Read("night")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, with, want string }{
		"missing role":   {"  warn: {fg: orange, bg: ground}\n", "", "role warn is missing"},
		"unknown role":   {"roles:\n", "roles:\n  wran: {}\n", `unknown role "wran"`},
		"unknown colour": {"  warn: {fg: orange,", "  warn: {fg: mauve,", `role warn: colour "mauve" is not in the palette`},
		"no colour":      {`"#e0a84a"`, `"amber"`, `colour amber is "amber": write #rrggbb`},
		"half a colour":  {`"#e0a84a"`, `"#e0a8"`, `colour amber is "#e0a8": write #rrggbb`},
		"unknown key":    {"  warn: {fg:", "  warn: {colour: red, fg:", "unknown field"},
	} {
		_, err := style.Parse("night", []byte(strings.Replace(string(good), c.old, c.with, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestMarkersHaveALookThatDataNeverHas(t *testing.T) {
	data, err := themes.Read("night")
	if err != nil {
		t.Fatal(err)
	}
	s, err := style.Parse("night", data)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	s.Write(&b, style.Text, text.Decode("a\x1bb\u202ec"))
	plain, marker := draw(s, style.Text, "x"), draw(s, style.Marker, "x")
	open := func(x string) string { return x[:strings.IndexByte(x, 'x')] }
	want := strings.Join([]string{
		open(plain), "a\x1b[m", open(marker), "␛\x1b[m", open(plain), "b\x1b[m", open(marker), "⟪U+202E⟫\x1b[m", open(plain), "c\x1b[m",
	}, "")
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}

// TestASCIIMarkersDifferFromTheSameLettersInData writes both for a terminal
// without UTF-8.
func TestASCIIMarkersDifferFromTheSameLettersInData(t *testing.T) {
	data, err := themes.Read("night")
	if err != nil {
		t.Fatal(err)
	}
	s, err := style.Parse("night", data)
	if err != nil {
		t.Fatal(err)
	}
	s.ASCII = true
	if forged, real := draw(s, style.Text, "<U+202E>["), draw(s, style.Text, "\u202e\x1b"); forged == real {
		t.Errorf("both are %q", real)
	}
	if got, want := draw(s, style.Marker, "<U+202E>["), draw(s, style.Text, "\u202e\x1b"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func draw(s style.Sheet, r style.Role, x string) string {
	var b strings.Builder
	s.Write(&b, r, text.Decode(x))
	return b.String()
}

// TestInTheTerminalsColours has a sheet keep its attributes and change its colours.
func TestInTheTerminalsColours(t *testing.T) {
	t.Parallel()
	roles := map[string]style.Ink{}
	for _, r := range style.Roles() {
		roles[r.String()] = style.Ink{FG: "red", BG: "dark", Bold: true}
	}
	s, err := style.Theme{Palette: map[string]string{"red": "#d70000", "dark": "#000087"}, Roles: roles}.Sheet("test")
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[colorprofile.Profile]string{
		colorprofile.TrueColor: "\x1b[38;2;215;0;0;48;2;0;0;135;1mx\x1b[m", colorprofile.ANSI256: "\x1b[38;5;160;48;5;18;1mx\x1b[m",
		colorprofile.ANSI: "\x1b[91;44;1mx\x1b[m", colorprofile.ASCII: "\x1b[1mx\x1b[m",
	} {
		in := s.In(p)
		for _, r := range style.Roles() {
			var b strings.Builder
			in.Write(&b, r, text.Const("x"))
			if b.String() != want {
				t.Fatalf("in %s role %s writes %q, not %q", p, r, b.String(), want)
			}
		}
		if in.Look(style.Text) != s.Look(style.Text) {
			t.Errorf("in %s a picture looks otherwise", p)
		}
	}
}
