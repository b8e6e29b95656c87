package config_test

import (
	"strings"
	"testing"

	"conway/internal/config"
)

func themeOptions() config.ThemeOptions {
	return config.ThemeOptions{
		Roles:   []string{"text", "dim", "error"},
		Shipped: map[string]map[string]string{"night": {"ink": "#d8cbb3", "red": "#f0785a"}, "light": {"ink": "#222222"}},
	}
}

func TestGoodThemes(t *testing.T) {
	for name, file := range map[string]string{
		"extends":    "extends: night\npalette: {red: \"#FF0000\", mine: 12}\nroles:\n  error: {fg: red, bg: mine, bold: true}\n  text: {fg: ink}\n",
		"whole":      "palette: {a: '#010203'}\nroles: {text: {}, dim: {fg: a}, error: {reverse: true}}\n",
		"only roles": "extends: light\nroles: {text: {underline: true}}\n",
	} {
		got, err := config.ParseTheme("t.yaml", []byte(file), themeOptions())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "extends" && (got.Palette["red"] != "#ff0000" || got.Palette["mine"] != "12" || !got.Roles["error"].Bold || got.Roles["error"].BG != "mine") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestBadThemes checks the place, the words and the suggestion of each fault.
func TestBadThemes(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"misspelt key":     {"extend: night\n", []string{`t.yaml:1:1: unknown key "extend"`, `did you mean "extends"?`}},
		"no such base":     {"extends: nihgt\n", []string{`t.yaml:1:10: no shipped theme is named "nihgt"`, `did you mean "night"?`}},
		"no such role":     {"extends: night\nroles:\n  eror: {fg: ink}\n", []string{`t.yaml:3:3: no role is named "eror"`, `did you mean "error"?`}},
		"no such colour":   {"extends: night\nroles:\n  error: {fg: rde}\n", []string{`t.yaml:3:15: no colour of the palette is named "rde"`, `did you mean "red"?`}},
		"colour of nobody": {"extends: light\nroles:\n  error: {fg: red}\n", []string{`t.yaml:3:15: no colour of the palette is named "red"`, "colours: ink"}},
		"comment":          {"extends: night\npalette:\n  red: #ff0000\n", []string{"t.yaml:3:", "what comes after a # is a comment", `write "#rrggbb" in quotes`}},
		"no hash":          {"extends: night\npalette:\n  red: ff0000\n", []string{`t.yaml:3:8: colour`, `did you mean "#ff0000"?`}},
		"number too high":  {"extends: night\npalette: {red: 256}\n", []string{"t.yaml:2:16", "0 to 255"}},
		"no colour":        {"extends: night\npalette: {red: crimson}\n", []string{`is no colour: "crimson"`}},
		"missing roles":    {"palette: {a: 1}\nroles: {text: {fg: a}}\n", []string{"it does not say how to draw dim and error", "extends: night"}},
		"yes for true":     {"extends: night\nroles: {text: {bold: yes}}\n", []string{"did you mean true?"}},
		"empty":            {"", []string{"it is empty", "extends: night"}},
		"a list":           {"- a\n", []string{"the file is a list, not a theme"}},
		"not YAML":         {"roles: {text: {\n", []string{"it is not YAML"}},
		"two at once":      {"extends: nihgt\nroles: {eror: {}}\n", []string{`"nihgt"`, `"eror"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.ParseTheme("t.yaml", []byte(c.file), themeOptions())
			if err == nil {
				t.Fatal("no fault found")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got:\n%v\nwithout %q", err, w)
				}
			}
		})
	}
}
