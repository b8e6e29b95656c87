package text

import (
	"slices"
	"strings"
	"unicode"
)

// Mixed returns the first word of raw whose letters come from scripts that are
// not written together, such as a Latin word with one Cyrillic letter, and the
// names of those scripts. A person who confirms something is warned of it: such
// a word is nearly always a trap. Words of Chinese, Japanese or Korean may hold
// Latin letters too (Unicode technical standard 39, highly restrictive).
func Mixed(raw string) (word string, scripts []string) {
	if plainPrefix(raw) == len(raw) {
		return "", nil
	}
	for w := range strings.FieldsFuncSeq(raw, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		if s := scriptsOf(w); !together(s) {
			return w, s
		}
	}
	return "", nil
}

// scriptsOf returns the scripts of a word's letters, sorted. Letters of several
// scripts or of none say nothing.
func scriptsOf(word string) []string {
	var out []string
	for _, r := range word {
		if s := scriptOf(r); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func scriptOf(r rune) string {
	if r < 0x80 {
		return "Latin"
	}
	if unicode.In(r, unicode.Common, unicode.Inherited) {
		return ""
	}
	for name, t := range unicode.Scripts {
		if unicode.Is(t, r) {
			return name
		}
	}
	return ""
}

func together(scripts []string) bool {
	if len(scripts) < 2 {
		return true
	}
	for _, set := range [][]string{
		{"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Bopomofo"}, {"Latin", "Han", "Hangul"},
	} {
		if !slices.ContainsFunc(scripts, func(s string) bool { return !slices.Contains(set, s) }) {
			return true
		}
	}
	return false
}
