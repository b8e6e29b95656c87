package runbook

import "unicode"

// unseen reports whether a reader may miss r: controls, format characters
// (bidi, zero-width, tags), separators other than the space, and the letters
// and marks that Unicode draws as nothing (Default_Ignorable_Code_Point).
func unseen(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == ' ' || r == '\r':
		return false
	case r < 0x80:
		return r < ' ' || r == 0x7f
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Z, unicode.Co, unicode.Cs):
		return true
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	}
	// The braille blank has no ink either, although Unicode calls it a symbol.
	return r == 0x2800
}
