package victorialogs

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

// maxOrigin bounds an origin, in characters.
const maxOrigin = 200

// entryOf reads one JSON line; one that cannot be read is shown as it came.
func entryOf(raw string, cut bool) tailing.Entry {
	fields := fieldsOf(raw)
	at, err := time.Parse(time.RFC3339Nano, fields["_time"])
	if cut || err != nil {
		e := tailing.Unread(raw, "", sources.Printable(fields["_stream"], maxOrigin))
		e.Line.Cut = e.Line.Cut || cut
		return e
	}
	text, cut := tailing.Cap(raw)
	l := oncall.LogLine{At: at.UTC(), Raw: text, Message: text, Cut: cut, Origin: originOf(fields)}
	if msg := fields["_msg"]; msg != "" {
		inner := oncall.ParseLine(msg, at)
		l.Message, l.Level = inner.Message, inner.Level
	}
	for _, name := range []string{"level", "severity", "severity_text", "log.level", "loglevel", "lvl", "PRIORITY"} {
		if level := oncall.ParseLevel(fields[name]); level != oncall.LevelNone {
			l.Level = level
			break
		}
	}
	return tailing.Entry{Line: l, ID: identity(fields)}
}

// fieldsOf reads the fields of a JSON line, nil when it is none. Values are texts;
// any other is kept as its JSON.
func fieldsOf(raw string) map[string]string {
	var values map[string]json.RawMessage
	if json.Unmarshal([]byte(raw), &values) != nil || values == nil {
		return nil
	}
	fields := make(map[string]string, len(values))
	for name, v := range values {
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		fields[name] = text
	}
	return fields
}

// identity is a line's fields in one order.
func identity(fields map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		b.WriteString(name)
		b.WriteByte(0)
		b.WriteString(fields[name])
		b.WriteByte(0)
	}
	return b.String()
}

func originOf(fields map[string]string) string {
	for _, name := range []string{
		"kubernetes.pod_name", "kubernetes.pod.name", "k8s.pod.name", "pod", "kubernetes_pod_name",
		"host.name", "hostname", "host", "_HOSTNAME", "instance", "service.name", "app", "job", "_stream",
	} {
		if v := fields[name]; v != "" {
			return sources.Printable(v, maxOrigin)
		}
	}
	return ""
}
