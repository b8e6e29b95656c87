package text

import "strings"

// ASCII returns the text for a terminal that draws nothing else, in the same
// number of cells: the program's own signs become their ASCII forms, a control
// character the letter it is typed with, every other rune beyond ASCII a
// question mark for each of its cells.
func (s Safe) ASCII() Safe {
	if len(s.s) == s.w && plainPrefix(s.s) == len(s.s) {
		return s
	}
	var b strings.Builder
	b.Grow(s.w)
	for _, r := range s.s {
		if r < 0x7f {
			b.WriteRune(r)
			continue
		}
		for range runeCells(r) {
			b.WriteByte(asciiForm(r))
		}
	}
	return Safe{b.String(), s.w}
}

// asciiForm maps the signs that the program draws with. A control character is
// the letter after the caret in its usual name: ESC is [ and CR is M.
func asciiForm(r rune) byte {
	const (
		signs = "─━│┃┊┌┐└┘├┤┬┴┼…·▶▸›◀●◐○✓✗→↑↓▁▂▃▄▅▆▇█–—⟪⟫±×“”␣␢␡"
		forms = "-=|||+++++++++~.>>><!ao+x>^v_.:-=+*#--<>~x\"\"_*?"
	)
	if r >= pictures && r < pictures+0x20 {
		return byte(r-pictures) ^ 0x40
	}
	i := 0
	for _, s := range signs {
		if s == r {
			return forms[i]
		}
		i++
	}
	return '?'
}
