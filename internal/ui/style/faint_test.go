package style_test

import (
	"strings"
	"testing"

	"conway/internal/ui/style"
	"conway/themes"
)

func TestShippedThemesAreNotFaint(t *testing.T) {
	for _, name := range themes.Names() {
		s := load(t, name)
		if f := s.Faint(); len(f) > 0 {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func TestFaintNamesTheRoleAndTheFigure(t *testing.T) {
	data, err := themes.Read("night")
	if err != nil {
		t.Fatal(err)
	}
	base, err := style.Read("night", data)
	if err != nil {
		t.Fatal(err)
	}
	s, err := base.Over(style.Theme{Palette: map[string]string{"mud": "#3a3328"}, Roles: map[string]style.Ink{"dim": {FG: "mud", BG: "ground"}, "ok": {}}}).Sheet("mine")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Faint(); len(got) != 1 || !strings.HasPrefix(got[0], "dim is 1.5 to 1 and needs 4.5") {
		t.Errorf("got %q", got)
	}
	if again, err := base.Sheet("night"); err != nil || len(again.Faint()) > 0 {
		t.Error("the theme that was extended has changed")
	}
}
