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

// Redact returns a text for others to read without these secrets, and without what
// looks like a credential of any kind.
func Redact(text string, secrets []string) string { return redact(text, secrets) }

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
	lower := strings.ToLower(text)
	for _, c := range credentials() {
		text = c.hide(text, lower)
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

// credential is what a kind of secret looks like, after a first group to be kept.
type credential struct {
	// words are in lower case; without one of them in a text there is no match.
	words   []string
	pattern string
}

// hide masks the credentials of this kind. Most texts have none, and a pattern
// takes far longer than the look for a word.
func (c credential) hide(text, lower string) string {
	if !slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(lower, w) }) {
		return text
	}
	return regexp.MustCompile(c.pattern).ReplaceAllString(text, "${1}"+mask)
}

func credentials() []credential {
	names := []string{"token", "secret", "passwd", "password", "passphrase", "api_key", "api-key", "apikey", "access_key", "access-key", "accesskey", "credential"}
	return []credential{
		{[]string{"private key-----"}, `(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?-----END [A-Z ]*PRIVATE KEY-----`},
		{[]string{"authorization"}, `(?i)(authorization["']?\s*[:=]\s*["'\[]*)(?:[a-z]+ (?:token=)?)?[^\s"',;]+`},
		{names, `(?i)((?:` + strings.Join(names, "|") + `)["']?\s*[:=]\s*["']?)(?:bearer |basic )?[^\s"',;&]{4,}`},
		{[]string{"://"}, `(://)[^\s/"'@]+@`},
		{[]string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, `(\b)gh[pousr]_[A-Za-z0-9]{20,}`},
		{[]string{"github_pat_"}, `(\b)github_pat_\w{20,}`},
		{[]string{"glpat-"}, `(\b)glpat-[\w-]{16,}`},
		{[]string{"xox"}, `(\b)xox[abeoprs]-[\w-]{10,}`},
		{[]string{"akia", "asia"}, `(\b)(?:AKIA|ASIA)[A-Z0-9]{16}\b`},
		{[]string{"sk-"}, `(\b)sk-[\w-]{20,}`},
		{[]string{"eyj"}, `(\b)eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`},
		{[]string{"hvs."}, `(\b)hvs\.[\w-]{20,}`},
		{[]string{"glsa_"}, `(\b)glsa_\w{20,}`},
	}
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
