package sources

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

// TestSkew measures clocks that are apart by much, by the rounding, and by
// nothing, over fast and slow answers.
func TestSkew(t *testing.T) {
	sent := time.Date(2026, 3, 2, 3, 0, 0, 250e6, time.UTC)
	for name, c := range map[string]struct {
		ahead, took, want time.Duration
		age               string
	}{
		"agreeing":                      {0, 100 * time.Millisecond, 0, ""},
		"a second and a half":           {1500 * time.Millisecond, 0, 0, ""},
		"ten minutes ahead":             {10 * time.Minute, 100 * time.Millisecond, 10 * time.Minute, ""},
		"ten minutes behind":            {-10 * time.Minute, 100 * time.Millisecond, -10 * time.Minute, ""},
		"a year ahead":                  {365 * 24 * time.Hour, 0, 365 * 24 * time.Hour, ""},
		"a year behind":                 {-365 * 24 * time.Hour, 0, -365 * 24 * time.Hour, ""},
		"a slow answer of an equal one": {0, 9 * time.Second, 0, ""},
		"from a cache":                  {-10 * time.Minute, 0, 0, "600"},
	} {
		var s Skew
		h := http.Header{"Date": {sent.Add(c.ahead + c.took/2).UTC().Format(http.TimeFormat)}}
		if c.age != "" {
			h.Set("Age", c.age)
		}
		s.observe(h, sent, sent.Add(c.took))
		if got := s.Ahead(); (got - c.want).Abs() > time.Second {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		there := sent.Add(c.ahead)
		if c.want != 0 {
			if d := s.Here(there).Sub(sent); d.Abs() > time.Second {
				t.Errorf("%s: a time put right is off by %v", name, d)
			}
		}
		if !s.Here(time.Time{}).IsZero() {
			t.Errorf("%s: no time became one", name)
		}
	}
	var none *Skew
	none.observe(http.Header{"Date": {sent.Format(http.TimeFormat)}}, sent, sent)
	if none.Ahead() != 0 {
		t.Error("nothing measures something")
	}
}

// TestSkewDoesNotDance takes many answers within one second of rounding.
func TestSkewDoesNotDance(t *testing.T) {
	var s Skew
	start := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	first := time.Duration(0)
	for i := range 100 {
		sent := start.Add(time.Duration(i) * 1370 * time.Millisecond)
		s.observe(http.Header{"Date": {sent.Add(10 * time.Minute).Format(http.TimeFormat)}}, sent, sent.Add(30*time.Millisecond))
		if i == 0 {
			first = s.Ahead()
		}
		if got := s.Ahead(); got != first {
			t.Fatalf("answer %d: %v, it was %v", i, got, first)
		}
	}
	s.observe(http.Header{"Date": {start.Format(http.TimeFormat)}}, start, start)
	if s.Ahead() != 0 {
		t.Errorf("a clock that was put right is still %v", s.Ahead())
	}
}

// TestAnswerFromBeforeASleep reads an answer whose time has passed by the wall
// clock, as it has when the machine slept: it is none.
func TestAnswerFromBeforeASleep(t *testing.T) {
	b := &cappedBody{ReadCloser: io.NopCloser(strings.NewReader("{}")), left: MaxBody, until: wall().Add(-time.Second)}
	_, err := io.ReadAll(b)
	if !errors.Is(err, errSlept) {
		t.Fatalf("got %v", err)
	}
	var f *oncall.Fault
	if err := (HTTP{Source: "pd"}).TransportFault(t.Context(), http.MethodPut, "ack", err); !errors.As(err, &f) ||
		f.Kind != oncall.Unavailable || !f.Ambiguous || !strings.Contains(f.Error(), "the machine slept") {
		t.Errorf("the fault is %v", err)
	}
	b.until = wall().Add(time.Minute)
	if got, err := io.ReadAll(b); err != nil || string(got) != "{}" {
		t.Errorf("an answer in time: %q, %v", got, err)
	}
}
