package journald

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

// entry is one of the journal. Its key is its cursor.
type entry struct{ tailing.Entry }

// entryOf reads one JSON line; one that cannot be read is shown as it came.
// https://github.com/systemd/systemd/blob/main/docs/JOURNAL_EXPORT_FORMATS.md
func entryOf(raw string, cut bool) entry {
	var fields map[string]json.RawMessage
	if cut || json.Unmarshal([]byte(raw), &fields) != nil {
		e := tailing.Unread(raw, "", "")
		e.Line.Cut = e.Line.Cut || cut
		return entry{e}
	}
	cursor := textOf(fields["__CURSOR"])
	us, err := strconv.ParseInt(textOf(fields["__REALTIME_TIMESTAMP"]), 10, 64)
	if err != nil {
		return entry{tailing.Unread(raw, cursor, originOf(fields))}
	}
	at := time.UnixMicro(us).UTC()
	l := oncall.LogLine{At: at, Raw: raw, Message: raw, Origin: originOf(fields), Level: oncall.ParseLevel(textOf(fields["PRIORITY"]))}
	if text := textOf(fields["MESSAGE"]); text != "" {
		// What a service prints has the priority info, whatever it says.
		inner := oncall.ParseLine(text, at)
		l.Message = inner.Message
		if inner.Level != oncall.LevelNone {
			l.Level = inner.Level
		}
	}
	return entry{tailing.Entry{Key: cursor, Line: l, ID: cursor}}
}

func originOf(fields map[string]json.RawMessage) string {
	for _, name := range []string{
		"CONTAINER_NAME", "_SYSTEMD_USER_UNIT", "_SYSTEMD_UNIT", "UNIT", "OBJECT_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_COMM", "_TRANSPORT",
	} {
		if v := textOf(fields[name]); v != "" {
			return sources.Printable(v, maxWords)
		}
	}
	return ""
}

// textOf returns a field's value: a text, bytes as a list of numbers, or, of a
// field that is there more than once, all of them, one a line. A value that is too
// long for the journal's JSON is null, and empty here.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var numbers []uint16
	if json.Unmarshal(raw, &numbers) == nil {
		b := make([]byte, len(numbers))
		for i, n := range numbers {
			b[i] = byte(n)
		}
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	var values []json.RawMessage
	if json.Unmarshal(raw, &values) != nil {
		return ""
	}
	var all []string
	for _, v := range values {
		if len(v) > 0 && v[0] != '{' {
			if t := textOf(v); t != "" {
				all = append(all, t)
			}
		}
	}
	return strings.Join(all, "\n")
}
