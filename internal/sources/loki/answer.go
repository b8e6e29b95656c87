package loki

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

// answer is one of query_range.
type answer struct {
	Status string `json:"status"`
	Data   struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
		Stats      struct {
			Summary struct {
				Bytes json.Number `json:"totalBytesProcessed"`
			} `json:"summary"`
		} `json:"stats"`
	} `json:"data"`
}

// stream is the lines of one set of labels. What is wrong with one line must not
// hide the others, so each is read by itself.
type stream struct {
	Labels map[string]string `json:"stream"`
	Values []json.RawMessage `json:"values"`
}

// read reads an answer of query_range about the time from start on.
func (s *Source) read(a answer, op string, start time.Time) (tailing.Page, error) {
	p := tailing.Page{}
	switch {
	case a.Status != "success" || a.Data.ResultType == "":
		return p, s.malformed(op, nil)
	case a.Data.ResultType != "streams":
		return p, &oncall.Fault{
			Kind: oncall.Rejected, Source: s.o.Name, Op: op,
			Detail: "the query makes numbers and no lines", Fix: `write a log query, such as {app="checkout"} |= "error"`,
		}
	}
	var streams []stream
	if err := json.Unmarshal(a.Data.Result, &streams); err != nil {
		return p, s.malformed(op, err)
	}
	if n, err := a.Data.Stats.Summary.Bytes.Int64(); err == nil {
		p.Bytes = n
	}
	p.Entries = entriesOf(streams)
	tailing.Sort(p.Entries, start)
	return p, nil
}

func (s *Source) malformed(op string, cause error) *oncall.Fault {
	return &oncall.Fault{
		Kind: oncall.Malformed, Source: s.o.Name, Op: op, Detail: "the answer is not one of the Loki API",
		Fix: "check that url points at Loki itself, without /loki/api/v1, and not at a login page", Cause: cause,
	}
}

// entriesOf reads the lines of streams, those that cannot be read as they came.
func entriesOf(streams []stream) (out []tailing.Entry) {
	for _, st := range streams {
		key, origin, level := labelText(st.Labels), originOf(st.Labels), levelOf(st.Labels)
		for _, v := range st.Values {
			e, ok := entryOf(v)
			if !ok {
				out = append(out, tailing.Unread(string(v), key, origin))
				continue
			}
			e.Key, e.Line.Origin = key, origin
			if e.Line.Level == oncall.LevelNone {
				e.Line.Level = level
			}
			out = append(out, e)
		}
	}
	return out
}

// entryOf reads ["nanoseconds", "line"], perhaps with more behind it: labels of
// this line alone.
func entryOf(raw json.RawMessage) (tailing.Entry, bool) {
	var parts []json.RawMessage
	var ts, text string
	if json.Unmarshal(raw, &parts) != nil || len(parts) < 2 ||
		json.Unmarshal(parts[0], &ts) != nil || json.Unmarshal(parts[1], &text) != nil {
		return tailing.Entry{}, false
	}
	at, ok := parseNanos(ts)
	if !ok {
		return tailing.Entry{}, false
	}
	text, cut := tailing.Cap(text)
	l := oncall.ParseLine(text, at)
	// The time of the entry is the one that windows are about, whatever the line
	// itself says.
	l.At, l.Cut = at, cut
	if len(parts) > 2 {
		b := besideOf(parts[2])
		if l.Level == oncall.LevelNone {
			l.Level = b.level()
		}
		l.Raw = b.joined(l)
	}
	// Not every answer has what is kept beside a line.
	return tailing.Entry{Line: l, ID: text}, true
}

func levelOf(labels map[string]string) oncall.Level {
	for _, name := range []string{"level", "detected_level", "severity", "severity_text"} {
		if l := oncall.ParseLevel(labels[name]); l != oncall.LevelNone {
			return l
		}
	}
	return oncall.LevelNone
}

// originOf names where a line comes from: the nearest thing to a process that
// the labels name, or all of them.
func originOf(labels map[string]string) string {
	for _, name := range []string{"pod", "instance", "container", "host", "hostname", "filename", "unit", "app", "service_name", "job"} {
		if v := labels[name]; v != "" {
			return sources.Printable(v, maxOrigin)
		}
	}
	return sources.Printable(labelText(labels), maxOrigin)
}

// maxOrigin bounds an origin, in characters.
const maxOrigin = 200

// labelText writes labels as LogQL does, in one order.
func labelText(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name + "=" + strconv.Quote(labels[name]))
	}
	b.WriteByte('}')
	return b.String()
}

func parseNanos(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(0, n).UTC(), true
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
