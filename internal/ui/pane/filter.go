package pane

import "strings"

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
		found := false
		for _, f := range fields {
			if containsFold(f, w) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// containsFold reports whether the lower-case word occurs in s. ASCII is
// compared without allocating, because every held log line passes here.
func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if equalFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

func equalFold(a, lower string) bool {
	for i := range len(a) {
		c := a[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
