package drill

import (
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

func TestJudge(t *testing.T) {
	page := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	second := page.Add(5 * time.Minute)
	at := func(s int) time.Time { return page.Add(time.Duration(s) * time.Second) }
	trigger := pdserver.Happened{Kind: "trigger", At: page, By: "PSVC"}
	for name, tt := range map[string]struct {
		log  []pdserver.Happened
		want string
	}{
		"in time": {
			[]pdserver.Happened{trigger, {Kind: "acknowledge", At: at(228), By: meID}},
			"The page was acknowledged 1 min 12 s before Ben would have been woken.",
		},
		"too late": {
			[]pdserver.Happened{trigger, {Kind: "escalate", At: second}, {Kind: "acknowledge", At: at(301), By: meID}},
			"Ben was woken, because nobody had acknowledged the page by then.",
		},
		"by itself": {
			[]pdserver.Happened{trigger, {Kind: "resolve", At: at(60), By: "PSVC"}},
			"Nobody acknowledged the page; it resolved by itself 4 min before Ben would have been woken.",
		},
		"by hand": {
			[]pdserver.Happened{trigger, {Kind: "resolve", At: at(299), By: meID}},
			"Nobody acknowledged the page; it was resolved by hand 1 s before Ben would have been woken.",
		},
		"not yet": {
			[]pdserver.Happened{trigger},
			"Nobody has acknowledged the page; Ben will be woken in 4 min 30 s.",
		},
	} {
		if got := judge(pdserver.State{Log: tt.log}, second, at(30)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestTimesInWords(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0:                        {"+0:00", "0 ms"},
		12 * time.Millisecond:    {"+0:00", "12 ms"},
		-8 * time.Second:         {"-0:08", "0 ms"},
		62 * time.Second:         {"+1:02", "1 min 2 s"},
		3661 * time.Second:       {"+1:01:01", "1 h 1 min 1 s"},
		2 * time.Hour:            {"+2:00:00", "2 h"},
		59600 * time.Millisecond: {"+1:00", "1 min"},
	} {
		if got := [2]string{offset(d), length(d)}; got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

func TestOutsideTextIsHarmless(t *testing.T) {
	if got := outside("a\x1b[31mb\nc"); got == "" || containsControl(got) {
		t.Errorf("got %q", got)
	}
}

func containsControl(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return true
		}
	}
	return false
}
