package pane

import (
	"slices"
	"strings"

	"conway/internal/text"
	"conway/internal/ui/keymap"
)

// Needle is a filter: every word must occur, upper and lower case alike. The
// zero value matches everything.
type Needle struct {
	raw   string
	words []string
}

// NewNeedle returns the filter that a person typed.
func NewNeedle(s string) Needle {
	return Needle{s, strings.Fields(strings.ToLower(s))}
}

// String returns the filter as it was typed.
func (n Needle) String() string { return n.raw }

// Match reports whether every word occurs in one of the fields.
func (n Needle) Match(fields ...string) bool {
	for _, w := range n.words {
		if !slices.ContainsFunc(fields, func(f string) bool { return strings.Contains(strings.ToLower(f), w) }) {
			return false
		}
	}
	return true
}

// NoMatch says that a filter hides all n of something, and how they come back.
func NoMatch(f Frame, n int, what string, by Needle) text.Safe {
	none := text.Const("none matches")
	if n == 1 {
		none = text.Const("which does not match")
	}
	return text.Sprintf("%s, %s /%s; %s shows all", Count(n, what), none, by, f.Keys.Way(keymap.Back))
}
