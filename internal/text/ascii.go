package text

import "strings"

// ASCII returns the text for a terminal that draws nothing else, in the same
// number of cells: the program's own signs become their ASCII forms, every
// other rune beyond ASCII a question mark for each of its cells.
func (s Safe) ASCII() Safe {
	if len(s.s) == s.w && asciiPrefix(s.s) == len(s.s) {
		return s
	}
	var b strings.Builder
	for _, r := range s.s {
		w := runeCells(r)
		if r < 0x7f {
			b.WriteRune(r)
			continue
		}
		for range w {
			b.WriteByte(asciiForm(r))
		}
	}
	return Safe{b.String(), s.w}
}

// asciiForm maps the signs that the program draws with.
func asciiForm(r rune) byte {
	const (
		signs = "─━│┃┊┌┐└┘├┤┬┴┼…·▶▸›◀●◐○✓✗→↑↓▁▂▃▄▅▆▇█–—⟪⟫±×“”"
		forms = "--|||+++++++++~.>>><!ao+x>^v_.:-=+*#--<>~x\"\""
	)
	i := 0
	for _, s := range signs {
		if s == r {
			return forms[i]
		}
		i++
	}
	return '?'
}
