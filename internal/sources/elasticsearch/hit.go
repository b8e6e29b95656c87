package elasticsearch

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

// hit is one line. Its sort values are kept as they came, because nanoseconds do
// not fit into the numbers of JSON.
type hit struct {
	Index  string            `json:"_index"`
	ID     string            `json:"_id"`
	Source json.RawMessage   `json:"_source"`
	Sort   []json.RawMessage `json:"sort"`
}

// entry reads a hit; one that cannot be read is shown as it came.
func (s *Source) entry(raw json.RawMessage, timeField string) (tailing.Entry, []json.RawMessage) {
	var h hit
	var doc map[string]json.RawMessage
	if json.Unmarshal(raw, &h) != nil {
		return tailing.Unread(string(raw), "", ""), nil
	}
	key := h.Index + "/" + h.ID
	if len(h.Sort) == 0 || json.Unmarshal(h.Source, &doc) != nil || doc == nil {
		return tailing.Unread(string(raw), key, h.Index), h.Sort
	}
	at, ok := timeOf(h.Sort[0])
	if !ok {
		if at, ok = timeOf(lookup(doc, timeField)); !ok {
			return tailing.Unread(string(raw), key, h.Index), h.Sort
		}
	}
	text, cut := tailing.Cap(compact(h.Source))
	l := oncall.LogLine{At: at, Raw: text, Message: text, Cut: cut, Origin: originOf(doc, h.Index)}
	s.fill(&l, doc, at)
	return tailing.Entry{Line: l, Key: key}, h.Sort
}

// fill finds the message and the level of a line.
func (s *Source) fill(l *oncall.LogLine, doc map[string]json.RawMessage, at time.Time) {
	levels := []string{"log.level", "level", "severity", "severity_text", "SeverityText", "loglevel", "log_level", "levelname", "syslog.severity.name", "Level"}
	if s.o.LevelField != "" {
		levels = []string{s.o.LevelField}
	}
	for _, name := range levels {
		if l.Level = oncall.ParseLevel(textOf(lookup(doc, name))); l.Level != oncall.LevelNone {
			break
		}
	}
	messages := []string{"message", "msg", "log.message", "body.text", "body", "Body", "log", "event.original", "@message"}
	if s.o.MessageField != "" {
		messages = []string{s.o.MessageField}
	}
	for _, name := range messages {
		text := textOf(lookup(doc, name))
		if text == "" {
			continue
		}
		// What an agent has shipped as it was may have a level and a message inside.
		inner := oncall.ParseLine(text, at)
		l.Message = inner.Message
		if l.Level == oncall.LevelNone {
			l.Level = inner.Level
		}
		return
	}
}

// lookup finds a field by its name with dots, which may be one key, or objects
// within each other, or both.
func lookup(doc map[string]json.RawMessage, name string) json.RawMessage {
	if v, ok := doc[name]; ok {
		return v
	}
	for i := 0; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		var inner map[string]json.RawMessage
		if v, ok := doc[name[:i]]; ok && json.Unmarshal(v, &inner) == nil {
			if v := lookup(inner, name[i+1:]); v != nil {
				return v
			}
		}
	}
	return nil
}

// textOf returns a value as text, empty for one that is none. Of several values
// it takes the first.
func textOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
	case '[':
		var all []json.RawMessage
		if json.Unmarshal(raw, &all) == nil && len(all) > 0 && all[0][0] != '[' {
			return textOf(all[0])
		}
	case '{', 'n', 't', 'f':
	default:
		return string(raw)
	}
	return ""
}

// timeOf reads a time, which is a text, or a number since 1970 whose unit its
// digits tell.
func timeOf(raw json.RawMessage) (time.Time, bool) {
	return oncall.ParseTime(textOf(raw), time.Unix(0, 0).UTC())
}

func originOf(doc map[string]json.RawMessage, index string) string {
	for _, name := range []string{
		"kubernetes.pod.name", "kubernetes.pod_name", "k8s.pod.name", "resource.attributes.k8s.pod.name",
		"container.name", "host.name", "host.hostname", "host", "hostname", "service.name", "app", "service",
	} {
		if v := textOf(lookup(doc, name)); v != "" {
			return sources.Printable(v, maxWords)
		}
	}
	return sources.Printable(index, maxWords)
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return strings.TrimSpace(string(raw))
	}
	return b.String()
}
