package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Theme is a theme file of a person's own.
type Theme struct {
	Extends string            `yaml:"extends" doc:"The shipped theme that fills in what this one leaves out."`
	Palette map[string]Colour `yaml:"palette" doc:"Colours by a name of one's own."`
	Roles   map[string]Look   `yaml:"roles" doc:"What each kind of text looks like."`
}

// Colour is #rrggbb, or 0 to 255 for one of the terminal's own.
type Colour string

// Look is how one kind of text looks; the colours are names in the palette.
type Look struct {
	FG        string `yaml:"fg" doc:"The colour of the text."`
	BG        string `yaml:"bg" doc:"The colour behind it."`
	Bold      bool   `yaml:"bold" doc:"Draw it bold."`
	Faint     bool   `yaml:"faint" doc:"Draw it faint."`
	Italic    bool   `yaml:"italic" doc:"Draw it slanted."`
	Underline bool   `yaml:"underline" doc:"Underline it."`
	Reverse   bool   `yaml:"reverse" doc:"Exchange its two colours."`
}

// ThemeOptions is what only the caller knows of themes.
type ThemeOptions struct {
	// Roles are all kinds of text there are.
	Roles []string
	// Shipped are the palettes of the themes that can be extended, by name.
	Shipped map[string]map[string]string
}

// ParseTheme reads a theme. The name is what faults call the file. The error is
// Errors, every fault at once.
func ParseTheme(name string, data []byte, o ThemeOptions) (Theme, error) {
	words := slices.Concat(vocabulary(reflect.TypeFor[Theme](), nil), o.Roles, slices.Collect(maps.Keys(o.Shipped)))
	d, body := plan(name, data, words)
	if d == nil {
		return Theme{}, body.err()
	}
	var t Theme
	if body.node == nil || isNull(body.node) {
		d.add(mark{}, "it is empty", "write extends: night, and below it what is to be different")
		return t, d.err()
	}
	d.plant(body.node)
	r := d.resolve(body.node)
	if _, ok := r.(*ast.MappingNode); r != nil && !ok {
		d.add(markOf(r), "the file is "+kindOf(r)+", not a theme", "write keys and values, such as extends: night")
		return t, d.err()
	}
	if r != nil {
		d.object(r, reflect.ValueOf(&t).Elem(), "", "")
		d.relateTheme(&t, o)
	}
	return t, d.err()
}

// relateTheme checks what one part of a theme says of another.
func (d *decoder) relateTheme(t *Theme, o ThemeOptions) {
	shipped := slices.Sorted(maps.Keys(o.Shipped))
	d.known(d.marks["extends"], "shipped theme", t.Extends, shipped, "shipped themes")
	base, extends := o.Shipped[t.Extends]
	colours := slices.Concat(slices.Collect(maps.Keys(t.Palette)), slices.Collect(maps.Keys(base)))
	slices.Sort(colours)
	colours = slices.Compact(colours)
	for _, role := range slices.Sorted(maps.Keys(t.Roles)) {
		path := "roles." + role
		d.known(d.marks[path+" key"], "role", role, o.Roles, "roles")
		l := t.Roles[role]
		d.known(d.marks[path+".fg"], "colour of the palette", l.FG, colours, "colours")
		d.known(d.marks[path+".bg"], "colour of the palette", l.BG, colours, "colours")
	}
	if _, said := d.marks["extends"]; said || extends {
		return
	}
	var missing []string
	for _, role := range o.Roles {
		if _, ok := d.marks["roles."+role]; !ok {
			missing = append(missing, role)
		}
	}
	if len(missing) > 0 {
		d.add(mark{}, "it does not say how to draw "+sentence(missing), "add them under roles, or extends: night, which fills in what is left out")
	}
}

// colour reads a colour of the palette.
func (d *decoder) colour(n ast.Node, what string) Colour {
	const grammar = `write "#rrggbb" in quotes, or 0 to 255 for a colour of the terminal`
	var s string
	switch v := n.(type) {
	case *ast.NullNode:
		d.add(markOf(n), what+" has no value; to YAML, what comes after a # is a comment", grammar)
		return ""
	case *ast.IntegerNode:
		s = v.Token.Value
	default:
		var ok bool
		if s, ok = textOf(n); !ok {
			d.wrong(n, what, "a colour", grammar)
			return ""
		}
	}
	if hex, ok := strings.CutPrefix(s, "#"); ok {
		if _, err := strconv.ParseUint(hex, 16, 32); err == nil && len(hex) == 6 {
			return Colour(strings.ToLower(s))
		}
	} else if _, err := strconv.ParseUint(s, 10, 8); err == nil {
		return Colour(s)
	} else if _, err := strconv.ParseUint(s, 16, 32); err == nil && len(s) == 6 {
		d.add(markOf(n), what+" is no colour: "+quote(s), `did you mean "#`+s+`"?`)
		return ""
	}
	d.add(markOf(n), what+" is no colour: "+quote(s), grammar)
	return ""
}
