package loki

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"conway/internal/oncall"
)

// beside is what Loki keeps of one line beside its text: what its agent knows, such
// as the trace, and what the query has found in it.
type beside struct {
	Metadata map[string]string `json:"structuredMetadata"`
	Parsed   map[string]string `json:"parsed"`
}

// besideOf reads {"structuredMetadata": …, "parsed": …}, or a plain map of the
// former, as older versions send it.
func besideOf(raw json.RawMessage) beside {
	var b beside
	if json.Unmarshal(raw, &b) == nil && (b.Metadata != nil || b.Parsed != nil) {
		return b
	}
	var plain map[string]string
	if json.Unmarshal(raw, &plain) == nil {
		b.Metadata = plain
	}
	return b
}

func (b beside) level() oncall.Level {
	if l := levelOf(b.Parsed); l != oncall.LevelNone {
		return l
	}
	return levelOf(b.Metadata)
}

// joined returns a line together with its metadata, so that they are found, shown
// and followed like what it says itself: among its own fields, or around a text
// that has none. What a query has found in a line is in it already, and a level
// that Loki has guessed says nothing new.
func (b beside) joined(l oncall.LogLine) string {
	own := l.Fields()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(b.Metadata)) {
		known := slices.ContainsFunc(own, func(f oncall.Field) bool { return f.Key == name })
		if !known && name != "detected_level" && b.Metadata[name] != "" {
			names = append(names, name)
		}
	}
	text := strings.TrimSpace(l.Raw)
	switch {
	case len(names) == 0 || l.Cut:
		return l.Raw
	case len(own) > 0 && strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}"):
		return strings.TrimSuffix(text, "}") + "," + b.members(names) + "}"
	case len(own) > 0 && !strings.Contains(text, "{"):
		for _, name := range names {
			text += " " + name + "=" + strconv.Quote(b.Metadata[name])
		}
		return text
	}
	return `{"message":` + quoted(l.Raw) + "," + b.members(names) + "}"
}

func (b beside) members(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = quoted(name) + ":" + quoted(b.Metadata[name])
	}
	return strings.Join(out, ",")
}

func quoted(s string) string {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string always encodes
	return string(b)
}
