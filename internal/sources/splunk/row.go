package splunk

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/polled"
)

// value is a field of a result: text, several texts, or, of some versions,
// anything else.
type value string

// UnmarshalJSON reads whatever is there as text, and never fails.
func (v *value) UnmarshalJSON(b []byte) error {
	var one string
	var many []string
	switch {
	case json.Unmarshal(b, &one) == nil:
		*v = value(one)
	case json.Unmarshal(b, &many) == nil:
		*v = value(strings.Join(many, " "))
	default:
		*v = value(b)
	}
	return nil
}

// event are the fields of a result that make a line.
type event struct {
	Raw        *value `json:"_raw"`
	Time       value  `json:"_time"`
	At         value  `json:"conway_at"`
	Arrived    value  `json:"conway_indexed"`
	Host       value  `json:"host"`
	Source     value  `json:"source"`
	Sourcetype value  `json:"sourcetype"`
	Bucket     value  `json:"_bkt"`
	Address    value  `json:"_cd"`
}

// reader makes lines of the results of one answer.
type reader struct {
	name  string
	ahead time.Duration
	// last is the time of the line before, for one that has none, and timed whether
	// the last line had one of its own.
	last  time.Time
	timed bool
	same  polled.Same
}

// hit makes a line of a result. One that is no event of Splunk's, such as a row
// of a table or what cannot be read at all, is kept as it came.
func (r *reader) hit(result []byte) polled.Hit {
	var e event
	raw := string(result)
	if json.Unmarshal(result, &e) == nil && e.Raw != nil {
		raw = string(*e.Raw)
	}
	at, ok := timeOf(e.At)
	if !ok {
		at, ok = timeOf(e.Time)
	}
	if r.timed = ok; ok {
		r.last = at.Add(-r.ahead)
	}
	raw, cut := polled.Cap(strings.TrimRight(raw, "\r\n"))
	l := oncall.ParseLine(raw, r.last)
	l.At, l.Source, l.Origin, l.Cut = r.last, r.name, origin(e), cut
	h := polled.Hit{Line: l}
	if t, ok := timeOf(e.Arrived); ok {
		h.Arrived = t
	}
	h.ID = r.id(e, raw)
	return h
}

// id tells a line from all others: where Splunk keeps it, or, when that is not
// told, its time, host and text.
func (r *reader) id(e event, raw string) string {
	if e.Bucket != "" && e.Address != "" {
		return string(e.Bucket) + "|" + string(e.Address)
	}
	return r.same.ID(string(e.At), string(e.Time), string(e.Host), raw)
}

// origin is the host and what of it.
func origin(e event) string {
	what := string(e.Source)
	if what == "" {
		what = string(e.Sourcetype)
	}
	return strings.TrimSpace(string(e.Host) + " " + what)
}

// timeOf reads a time as Splunk writes it: seconds, ISO 8601, or with the name of
// a zone, of which only that of UTC is known everywhere.
func timeOf(v value) (time.Time, bool) {
	s := string(v)
	if t, ok := seconds(s); ok {
		return t, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.999999999 -07:00", "2006-01-02 15:04:05.999999999 -0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	for _, zone := range []string{" UTC", " GMT", " Z"} {
		if rest, ok := strings.CutSuffix(s, zone); ok {
			t, err := time.Parse("2006-01-02 15:04:05.999999999", rest)
			return t, err == nil
		}
	}
	return time.Time{}, false
}

// seconds reads a decimal number of seconds without losing a digit.
func seconds(s string) (time.Time, bool) {
	whole, part, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	const digits = 9
	if err != nil || sec < 0 || sec > 1<<40 {
		return time.Time{}, false
	}
	part = (part + strings.Repeat("0", digits))[:digits]
	nano, err := strconv.ParseUint(part, 10, 32)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(sec, int64(nano)).UTC(), true
}
