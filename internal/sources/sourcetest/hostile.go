package sourcetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

// marker stands for a hostile text until the answer is encoded. Hostile texts
// are put in as raw bytes after that, because an encoder would mend some.
const marker = "CONWAYHOSTILE"

// hostileText is the inside of a JSON string.
type hostileText struct{ name, text string }

func hostileTexts() []hostileText {
	return []hostileText{
		{"escape sequences", `\u001b]0;owned\u0007\u001b[2J\u001b[31m\u009b6n\u001bPq\u001b\\`},
		{"bidi", `\u202etxt.exe\u202c\u2066\u2069\u200f`},
		{"parameter bomb", `\u001b[` + strings.Repeat("9;", 20_000) + "m"},
		{"combining marks", "a" + strings.Repeat(`\u0301`, 5_000)},
		{"invalid UTF-8", "\xff\xfe\xc3\x28\xf0\x28\x8c\x28"},
		{"lone surrogates", `\ud800\udfff\ud800`},
		{"newlines", `one\r\ntwo\u0000three\u0085four\u2028five`},
		{"empty", ""},
		{"long", strings.Repeat("A", 64<<10)},
	}
}

func hostileChecks() []httpCheck {
	texts := hostileTexts()
	out := make([]httpCheck, 0, 3*len(texts))
	for _, h := range texts {
		out = append(
			out,
			httpCheck{"hostile rows: " + h.name, func(tb testing.TB, c HTTPCase) {
				tb.Helper()
				checkHostileRows(tb, c, h.text, false)
			}},
			httpCheck{"hostile instead of rows: " + h.name, func(tb testing.TB, c HTTPCase) {
				tb.Helper()
				checkHostileRows(tb, c, h.text, true)
			}},
			httpCheck{"hostile errors: " + h.name, func(tb testing.TB, c HTTPCase) {
				tb.Helper()
				checkHostileErrors(tb, c, h.text)
			}},
		)
	}
	return out
}

// checkHostileRows puts the text into every string of a healthy answer, after
// its own words or in their place. Whatever the source makes of that, it must
// not panic, and what it says must be fit for a person.
func checkHostileRows(tb testing.TB, c HTTPCase, text string, replace bool) {
	tb.Helper()
	healthy := c.Healthy(tb)
	r := begin(tb, c.plain(), c.source(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := record(healthy, r)
		body := spoil(rec.Body.Bytes(), text, replace)
		rec.Body.Reset()
		rec.Body.Write(body)
		replay(w, rec, 0)
	}), askTimeout))
	deadline := time.Now().Add(r.c.wait())
	for len(r.seen()) == 0 && !r.ended() {
		if time.Now().After(deadline) {
			tb.Fatalf("neither an event nor a fault within %v", r.c.wait())
		}
		time.Sleep(pollEvery)
	}
	r.stop()
}

// spoil returns a JSON body with the text in every string value; a body that is
// not one JSON value becomes the text.
func spoil(body []byte, text string, replace bool) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return []byte(text)
	}
	marked, err := json.Marshal(mark(v, replace))
	if err != nil {
		return []byte(text)
	}
	return bytes.ReplaceAll(marked, []byte(marker), []byte(text))
}

func mark(v any, replace bool) any {
	switch v := v.(type) {
	case string:
		if replace {
			return marker
		}
		return v + marker
	case []any:
		for i := range v {
			v[i] = mark(v[i], replace)
		}
	case map[string]any:
		for k := range v {
			v[k] = mark(v[k], replace)
		}
	}
	return v
}

// checkHostileErrors has the server refuse with hostile words.
func checkHostileErrors(tb testing.TB, c HTTPCase, text string) {
	tb.Helper()
	body := `{"message":"` + text + `","error":"` + text + `","errorType":"` + text + `","errors":["` + text + `"]}`
	_ = c.fails(tb, answer(http.StatusUnauthorized, "application/json", body), askTimeout, oncall.Auth)
	raw := strings.NewReplacer(`\u001b`, "\x1b", `\u202e`, "\u202e", `\u009b`, "\u009b").Replace(text)
	_ = c.fails(tb, answer(http.StatusInternalServerError, "text/plain", raw), askTimeout, oncall.Unavailable)
}

// spoilLines is spoil for a body that may be JSON lines.
func spoilLines(body []byte, text string, replace bool) []byte {
	if json.Valid(body) {
		return spoil(body, text, replace)
	}
	var out [][]byte
	for line := range bytes.Lines(body) {
		out = append(out, spoil(line, text, replace))
	}
	return bytes.Join(out, []byte("\n"))
}
