package envelope

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// mask stands where a secret was.
const mask = "«masked»"

// minSecret is the length from which a secret is looked for: what is shorter
// would blot out ordinary words, and protects nothing.
const minSecret = 4

// redact returns a text without these secrets, in any form in which a program
// would write them, and without what looks like a credential of any kind.
func redact(text string, secrets []string) string {
	var forms []string
	for _, s := range secrets {
		if len(s) >= minSecret {
			forms = append(forms, formsOf(s)...)
		}
	}
	// The longest first: one secret may be a part of another.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, f := range slices.Compact(forms) {
		text = strings.ReplaceAll(text, f, mask)
	}
	for _, c := range credentials() {
		text = c.ReplaceAllString(text, "${1}"+mask)
	}
	return text
}

// formsOf returns a secret as it is, quoted, percent-encoded, in hexadecimal and
// in base64 at each of the three places where it can begin in a group of it.
func formsOf(s string) []string {
	quoted := strconv.Quote(s)
	low := hex.EncodeToString([]byte(s))
	out := []string{
		s, quoted[1 : len(quoted)-1], url.QueryEscape(s), url.PathEscape(s), low, strings.ToUpper(low),
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			coded := e.EncodeToString(append(make([]byte, before), s...))
			// The first and the last characters depend on the neighbours too.
			coded = coded[(before*8+5)/6 : (before+len(s))*8/6]
			if len(coded) >= minSecret {
				out = append(out, coded)
			}
		}
	}
	return out
}

// credentials match what looks like a secret, after a first group to be kept.
func credentials() []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, p := range []string{
		`(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?-----END [A-Z ]*PRIVATE KEY-----`,
		`(?i)(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:[a-z]+ (?:token=)?)?[^\s"',;]+`,
		`(?i)(\b[\w-]*(?:token|secret|passwd|password|passphrase|api[_-]?key|access[_-]?key|credential)["']?\s*[:=]\s*["']?)(?:bearer |basic )?[^\s"',;&]{4,}`,
		`(://)[^\s/"'@]+@`,
		`()\bgh[pousr]_[A-Za-z0-9]{20,}`, `()\bgithub_pat_\w{20,}`, `()\bglpat-[\w-]{16,}`,
		`()\bxox[abeoprs]-[\w-]{10,}`, `()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`, `()\bsk-[\w-]{20,}`,
		`()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`, `()\bhvs\.[\w-]{20,}`, `()\bglsa_\w{20,}`,
	} {
		out = append(out, regexp.MustCompile(p))
	}
	return out
}

// plain returns a text that is safe to show: lines and tabs stay, every other
// character that is not printable becomes its escape.
func plain(text string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(text, "\r\n", "\n") {
		switch {
		case r == '\n' || r == '\t' || unicode.IsPrint(r) && r != unicode.ReplacementChar:
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
