package style

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The least contrasts of WCAG 2.2 at level AA: for text, and for what is only
// looked at.
const (
	textContrast = 4.5
	lineContrast = 3
)

// Faint lists, in words for a person, the roles that can hardly be read: their
// contrast is below WCAG AA. What a theme leaves to the terminal cannot be
// measured and is not listed.
func (s *Sheet) Faint() []string {
	var out []string
	for _, r := range Roles() {
		l := s.looks[r]
		a, ok := luminance(l.Fore)
		b, both := luminance(l.Back)
		if !ok || !both {
			continue
		}
		need := textContrast
		if r == Border || r == Bar {
			need = lineContrast
		}
		if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < need {
			out = append(out, fmt.Sprintf("%s is %.1f to 1 and needs %.1f", r, got, need))
		}
	}
	return out
}

// luminance is WCAG's relative luminance of #rrggbb, from 0 to 1.
func luminance(hex string) (float64, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil || len(hex) != 7 {
		return 0, false
	}
	linear := func(shift uint) float64 {
		v := float64(n>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0), true
}
