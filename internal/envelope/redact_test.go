package envelope

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
)

const canary = "c4nary+T0ken/with=signs%and\"quotes"

func TestRedactHidesEveryFormOfAKnownSecret(t *testing.T) {
	std, raw := base64.StdEncoding, base64.RawURLEncoding
	forms := map[string]string{
		"as it is":         canary,
		"quoted":           "panic: \"" + strings.ReplaceAll(canary, `"`, `\"`) + "\"",
		"in a query":       "GET /?q=" + url.QueryEscape(canary),
		"in a path":        "GET /" + url.PathEscape(canary),
		"in hexadecimal":   hex.EncodeToString([]byte(canary)),
		"in capitals":      strings.ToUpper(hex.EncodeToString([]byte(canary))),
		"in base64":        std.EncodeToString([]byte(canary)),
		"as a password":    std.EncodeToString([]byte("u:" + canary)),
		"one byte further": std.EncodeToString([]byte("u" + canary + "!")),
		"for a URL":        raw.EncodeToString([]byte("ab" + canary)),
	}
	for name, text := range forms {
		got := redact("before "+text+" after", []string{canary})
		if !strings.Contains(got, mask) || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
			t.Errorf("%s: %q became %q", name, text, got)
		}
		for _, part := range []string{canary[:12], hex.EncodeToString([]byte(canary))[:20], std.EncodeToString([]byte(canary))[4:20]} {
			if strings.Contains(got, part) {
				t.Errorf("%s: %q is left in %q", name, part, got)
			}
		}
	}
}

func TestRedactHidesWhatLooksLikeACredential(t *testing.T) {
	for text, hidden := range map[string]string{
		"Authorization: Token token=y_NbAkKc66ryYTWUXYEu":                                  "y_NbAkKc66ryYTWUXYEu",
		"authorization:[Bearer abcdefghijkl]":                                              "abcdefghijkl",
		`"Proxy-Authorization": "Basic dXNlcjpwYXNz"`:                                      "dXNlcjpwYXNz",
		"https://ana:hunter22@example.com/x":                                               "hunter22",
		"PAGERDUTY_TOKEN=u+abcdefghijklmnopqr":                                             "u+abcdefghijklmnopqr",
		`{"password":"correct horse"}`:                                                     "correct",
		"x-api-key: 0123456789":                                                            "0123456789",
		"using ghp_0123456789abcdefghijABCDEFGHIJ012345":                                   "ghp_0123456789",
		"AKIAIOSFODNN7EXAMPLE":                                                             "AKIAIOSFODNN7EXAMPLE",
		"xoxb-1234567890-abcdefghij":                                                       "1234567890",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl":                                "eyJzdWIiOiIxIn0",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQ\n-----END RSA PRIVATE KEY-----\n": "MIIEpAIBAAKCAQ",
	} {
		if got := redact(text, nil); strings.Contains(got, hidden) || !strings.Contains(got, mask) {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestRedactLeavesAStackReadable(t *testing.T) {
	stack := "goroutine 24 [running]:\nmain.(*wiring).secret.func1({0xf65e90, 0x79ab3bb8690})\n\tconway/cmd/conway/wire.go:88 +0x25\n" +
		"conway/internal/config.Secret.Read(...)\nruntime.tokenize(0x1)\nhttps://api.pagerduty.com/incidents?limit=100\nkeys and tokens: none\n"
	if got := redact(stack, []string{"", "abc"}); got != stack {
		t.Errorf("it became\n%s", got)
	}
}

func TestPlainShowsControlsAsEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"a\tb\r\nc\n": "a\tb\nc\n", "\x1b[31mred": `\x1b[31mred`, "\u202eevil\u009b": `\u202eevil\u009b`, "\xff": `\ufffd`, "é 支": "é 支",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("before ", " after", canary)
	f.Fuzz(func(t *testing.T, before, after, secret string) {
		if len(secret) < 8 || strings.Contains(mask, secret) {
			t.Skip()
		}
		if got := redact(before+secret+after, []string{secret}); strings.Contains(strings.ReplaceAll(got, mask, "\n"), secret) {
			t.Errorf("%q is left in %q", secret, got)
		}
	})
}
