package github

import (
	"encoding/json"
	"regexp"
	"strings"
)

// payload is what senders commonly put into a deployment's free-form payload.
type payload struct {
	Version, Tag, Release, Service, Team string
}

// readPayload reads a payload that is an object, or a string that holds one, or
// a string that is a version.
func readPayload(raw json.RawMessage) payload {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if looksLikeVersion(text) {
			return payload{Version: text}
		}
		raw = json.RawMessage(strings.TrimSpace(text))
	}
	var p payload
	if !lenient(raw, &p) {
		return payload{}
	}
	return p
}

// version returns the best name of what was deployed: what the sender said, a
// ref or a word of the description that looks like a version, or nothing, for
// the commit is known anyway.
func version(d deployment, p payload) string {
	for _, v := range []string{p.Version, p.Release, p.Tag} {
		if v != "" {
			return v
		}
	}
	ref := strings.TrimPrefix(d.Ref, "refs/tags/")
	if ref != "" && (ref != d.Ref || (looksLikeVersion(ref) && !strings.HasPrefix(d.SHA, ref))) {
		return ref
	}
	for word := range strings.FieldsSeq(d.Description) {
		word = strings.Trim(word, ".,;:()[]\"'`")
		if looksLikeVersion(word) && !strings.HasPrefix(d.SHA, word) {
			return word
		}
	}
	return ""
}

// looksLikeVersion reports whether a word is like v412, 1.4.0-rc1 or
// 2026.03.02-3: a plain number, such as that of an issue, is not enough.
func looksLikeVersion(s string) bool {
	if len(s) > 64 {
		return false
	}
	return regexp.MustCompile(`^(v\d+|v?\d+(\.\d+)+)([-+._][0-9A-Za-z]+)*$`).MatchString(s)
}
