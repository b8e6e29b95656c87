// Package style turns semantic roles into terminal attributes. A view names a
// role, never a colour; a theme file gives each role its look. State is never
// told by a role alone: the view draws a letter or a sign beside it.
package style

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/goccy/go-yaml"

	"conway/internal/text"
)

// Role is what a piece of text is for.
type Role uint8

// The roles. Their names in a theme file are those of [Role.String].
const (
	Text Role = iota
	Dim
	Title
	Heading
	Border
	BorderFocus
	Selected
	Key
	OK
	Warn
	Error
	Critical
	Pending
	Stale
	Accent
	Bar
	Deploy
	Marker
	Production
	Input
	Cursor
	// Found is text that was searched for; it is told without colour too.
	Found
	roleCount
)

// String returns the role's name in a theme file.
func (r Role) String() string {
	return [...]string{
		"text", "dim", "title", "heading", "border", "border_focus", "selected", "key",
		"ok", "warn", "error", "critical", "pending", "stale", "accent", "bar", "deploy",
		"marker", "production", "input", "cursor", "found",
	}[r]
}

// Roles returns every role.
func Roles() []Role {
	out := make([]Role, roleCount)
	for i := range out {
		out[i] = Role(i)
	}
	return out
}

// Sheet is a theme made ready: the sequence that begins each role. The zero
// Sheet draws everything plain.
type Sheet struct {
	open  [roleCount]string
	looks [roleCount]Look
	// ground is the palette's own background, for pictures.
	ground string
	// ASCII replaces every sign beyond ASCII, for terminals without UTF-8.
	ASCII bool
	// Linkable reports whether the terminal may be told of an address, so that a
	// click opens it; nil means none.
	Linkable func(url string) bool
}

// Look is a role's colours as #rrggbb, for pictures. Back is empty for none.
type Look struct {
	Fore, Back string
	Bold       bool
}

// Look returns how a role looks in a picture.
func (s *Sheet) Look(r Role) Look {
	l := s.looks[r]
	if l.Fore == "" {
		l.Fore = defaultInk
	}
	return l
}

// Ground returns the picture's background.
func (s *Sheet) Ground() string {
	if s.ground == "" {
		return defaultGround
	}
	return s.ground
}

// The colours of a picture whose theme leaves them to the terminal.
const (
	defaultInk    = "#d8cbb3"
	defaultGround = "#16130f"
)

// Theme is a palette, and what each role looks like in colours of it.
type Theme struct {
	Palette map[string]string `yaml:"palette"`
	Roles   map[string]Ink    `yaml:"roles"`
}

// Ink is the look of one role; FG and BG are names in the palette, empty for the
// terminal's own.
type Ink struct {
	FG        string `yaml:"fg"`
	BG        string `yaml:"bg"`
	Bold      bool   `yaml:"bold"`
	Faint     bool   `yaml:"faint"`
	Italic    bool   `yaml:"italic"`
	Underline bool   `yaml:"underline"`
	Reverse   bool   `yaml:"reverse"`
}

// Read reads a theme file without looking whether it is whole.
func Read(name string, data []byte) (Theme, error) {
	var t Theme
	if err := yaml.UnmarshalWithOptions(data, &t, yaml.Strict()); err != nil {
		return Theme{}, fmt.Errorf("read theme %s: %w", name, err)
	}
	return t, nil
}

// Parse reads a theme file. The error names the theme and the role or colour
// that is missing or unknown.
func Parse(name string, data []byte) (Sheet, error) {
	t, err := Read(name, data)
	if err != nil {
		return Sheet{}, err
	}
	return t.Sheet(name)
}

// Over returns the theme with another one's colours and roles in place of its
// own.
func (t Theme) Over(own Theme) Theme {
	out := Theme{Palette: maps.Clone(t.Palette), Roles: maps.Clone(t.Roles)}
	if out.Palette == nil {
		out.Palette, out.Roles = map[string]string{}, map[string]Ink{}
	}
	maps.Copy(out.Palette, own.Palette)
	maps.Copy(out.Roles, own.Roles)
	return out
}

// Sheet makes a theme ready. The error names the theme and what is wrong with it.
func (t Theme) Sheet(name string) (Sheet, error) {
	for colour, v := range t.Palette {
		if !isColour(v) {
			return Sheet{}, fmt.Errorf("read theme %s: colour %s is %q: write #rrggbb, or 0 to 255 for a colour of the terminal", name, colour, v)
		}
	}
	s := Sheet{ground: t.Palette["ground"]}
	for r := range roleCount {
		l, ok := t.Roles[r.String()]
		if !ok {
			return Sheet{}, fmt.Errorf("read theme %s: role %s is missing", name, r)
		}
		open, err := l.open(t.Palette)
		if err != nil {
			return Sheet{}, fmt.Errorf("read theme %s: role %s: %w", name, r, err)
		}
		s.open[r], s.looks[r] = open, l.picture(t.Palette)
	}
	for role := range t.Roles {
		if !slices.ContainsFunc(Roles(), func(r Role) bool { return r.String() == role }) {
			return Sheet{}, fmt.Errorf("read theme %s: unknown role %q", name, role)
		}
	}
	return s, nil
}

// In returns the sheet in the nearest colours that a terminal has, or without any.
// What it writes is then as the terminal takes it.
func (s *Sheet) In(p colorprofile.Profile) Sheet {
	out := *s
	var b strings.Builder
	w := colorprofile.Writer{Forward: &b, Profile: p}
	for r, open := range s.open {
		b.Reset()
		_, _ = w.WriteString(open) // into a builder
		out.open[r] = b.String()
	}
	return out
}

// isColour reports whether v is #rrggbb or the number of a terminal's colour.
func isColour(v string) bool {
	if hex, ok := strings.CutPrefix(v, "#"); ok {
		_, err := strconv.ParseUint(hex, 16, 32)
		return err == nil && len(hex) == 6
	}
	_, err := strconv.ParseUint(v, 10, 8)
	return err == nil
}

func (l Ink) open(palette map[string]string) (string, error) {
	var st ansi.Style
	for _, c := range []struct {
		name string
		set  func(string)
	}{
		{l.FG, func(v string) { st = st.ForegroundColor(lipgloss.Color(v)) }},
		{l.BG, func(v string) { st = st.BackgroundColor(lipgloss.Color(v)) }},
	} {
		if c.name == "" {
			continue
		}
		v, ok := palette[c.name]
		if !ok {
			return "", fmt.Errorf("colour %q is not in the palette", c.name)
		}
		c.set(v)
	}
	if l.Bold {
		st = st.Bold()
	}
	if l.Faint {
		st = st.Faint()
	}
	if l.Italic {
		st = st.Italic(true)
	}
	if l.Underline {
		st = st.Underline(true)
	}
	if l.Reverse {
		st = st.Reverse(true)
	}
	if len(st) == 0 {
		return "", nil
	}
	return st.String(), nil
}

// picture returns the look with its colours by value; a reversed one is turned
// round here, because a picture has no terminal to do it.
func (l Ink) picture(palette map[string]string) Look {
	hex := func(name string) string {
		if v := palette[name]; strings.HasPrefix(v, "#") {
			return v
		}
		return ""
	}
	p := Look{Fore: hex(l.FG), Back: hex(l.BG), Bold: l.Bold}
	if l.Reverse {
		p.Fore, p.Back = hex("ground"), p.Fore
		if p.Back == "" {
			p.Back = defaultInk
		}
	}
	return p
}

// Write appends t to b in the look of role. Markers that the decoder put in
// place of hostile bytes get the marker role, which nothing else ever has.
func (s *Sheet) Write(b *strings.Builder, role Role, t text.Safe) {
	for part, marker := range t.Parts() {
		if s.ASCII {
			part = part.ASCII()
		}
		if marker {
			s.run(b, Marker, part)
		} else {
			s.run(b, role, part)
		}
	}
}

func (s *Sheet) run(b *strings.Builder, role Role, t text.Safe) {
	if t.Empty() {
		return
	}
	open := s.open[role]
	if open == "" {
		b.WriteString(t.String())
		return
	}
	b.WriteString(open)
	b.WriteString(t.String())
	b.WriteString(ansi.ResetStyle)
}
