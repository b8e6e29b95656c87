package board_test

import (
	"strings"
	"testing"

	"conway/internal/board"
)

func TestFoundPointsAtWhatTheQueryLooksFor(t *testing.T) {
	for _, c := range []struct{ query, text, want string }{
		{"Timeout", "a timeOUT, timeout", "a [timeOUT], [timeout]"},
		{`"Timeout"`, "a timeout, Timeout", "a timeout, [Timeout]"},
		{"/t[a-z]+t/", "timeout that", "[timeout] [that]"},
		{"/x*/", "axa", "a[x]a"},
		{"out time", "timeout", "[timeout]"},
		{"aa", "aaaaa", "[aaaa]a"},
		{"level>=warn !timeout", "timeout", "timeout"},
		{"order=17", "order=17 order=18", "[order=17] order=18"},
		{`/é+/ ü`, "caféé für", "caf[éé] f[ü]r"},
		{"", "timeout", "timeout"},
	} {
		q, err := board.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		got, from := "", 0
		for _, p := range q.Found(c.text) {
			got, from = got+c.text[from:p[0]]+"["+c.text[p[0]:p[1]]+"]", p[1]
		}
		if got += c.text[from:]; got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.query, c.text, got, c.want)
		}
		if looks := strings.Contains(c.want, "["); q.Finds() != looks {
			t.Errorf("%s: Finds is %v", c.query, q.Finds())
		}
	}
}

func TestFoundIsBounded(t *testing.T) {
	q, err := board.ParseQuery("/a/ b")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(q.Found(strings.Repeat("ab-", 1<<20))); n == 0 || n > 512 {
		t.Errorf("%d places", n)
	}
}
