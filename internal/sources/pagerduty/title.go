package pagerduty

import (
	"strings"
	"unicode"
)

// sameTitle collapses what differs between two firings of one alert: numbers,
// and words that are ids, each become "#". Words such as 5xx, p99 or k8s are
// names and stay. Case and space do not count.
func sameTitle(title string) string {
	var b strings.Builder
	runes := []rune(strings.ToLower(strings.Join(strings.Fields(title), " ")))
	for i := 0; i < len(runes); {
		j := i
		for j < len(runes) && (unicode.IsLetter(runes[j]) || unicode.IsDigit(runes[j])) {
			j++
		}
		if j == i {
			b.WriteRune(runes[i])
			i++
			continue
		}
		word := string(runes[i:j])
		// A part of a UUID may happen to have letters only.
		afterID := strings.HasSuffix(b.String(), "#-")
		if isVariable(word) || (afterID && isHex(word)) {
			word = "#"
		}
		b.WriteString(word)
		i = j
	}
	out := b.String()
	for _, sep := range []string{"-", ".", ":", ","} {
		for strings.Contains(out, "#"+sep+"#") {
			out = strings.ReplaceAll(out, "#"+sep+"#", "#")
		}
	}
	return out
}

// isVariable reports whether a word is a number, or a mix of letters and digits
// that is too long or has too many digits for a name.
func isVariable(word string) bool {
	const minLen, minDigits = 4, 2
	digits, letters := 0, 0
	for _, r := range word {
		if unicode.IsDigit(r) {
			digits++
		} else {
			letters++
		}
	}
	return digits > 0 && (letters == 0 || (digits >= minDigits && digits+letters >= minLen))
}

func isHex(word string) bool {
	const minLen = 4
	return len(word) >= minLen && strings.Trim(word, "0123456789abcdef") == ""
}
