package pagerduty

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"conway/internal/sources"
)

const (
	// maxID, maxText and maxLong bound what is taken over. PagerDuty's own ids
	// have 14 characters, titles 1024.
	maxID   = 128
	maxText = 1 << 10
	maxLong = 64 << 10
	// maxOdd bounds how many odd fields are named; more say nothing more.
	maxOdd = 16
)

// object is a JSON object that is read leniently: a field that is missing or
// null is zero, one of another type is zero too and named in odd. A nil object
// is one that is missing.
type object struct {
	fields map[string]json.RawMessage
	// whole is the object as it came, for one that stands by itself.
	whole json.RawMessage
	path  string
	odd   *[]string
	// skew puts its times on this machine's clock; nil leaves them.
	skew *sources.Skew
}

func newObject(fields map[string]json.RawMessage, skew *sources.Skew) *object {
	return &object{fields: fields, odd: new([]string), skew: skew}
}

// parse reads an object that stands by itself; false when it is none.
func parse(raw json.RawMessage, skew *sources.Skew) (*object, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return nil, false
	}
	o := newObject(fields, skew)
	o.whole = raw
	return o, true
}

// strange notes that a field could not be read.
func (o *object) strange(key string) {
	name := o.path + key
	if !slices.Contains(*o.odd, name) && len(*o.odd) < maxOdd {
		*o.odd = append(*o.odd, name)
	}
}

// raw returns a field, nil when it is missing or null.
func (o *object) raw(key string) json.RawMessage {
	if o == nil {
		return nil
	}
	r := o.fields[key]
	if bytes.Equal(r, []byte("null")) {
		return nil
	}
	return r
}

// read decodes a field, if it is there, and reports whether it could.
func read[T any](o *object, key string) (v T, ok bool) {
	r := o.raw(key)
	if r == nil {
		return v, false
	}
	if err := json.Unmarshal(r, &v); err != nil {
		o.strange(key)
		var zero T
		return zero, false
	}
	return v, true
}

func (o *object) integer(key string) int {
	v, _ := read[int](o, key)
	return v
}

func (o *object) boolean(key string) bool {
	v, _ := read[bool](o, key)
	return v
}

// text returns a string of at most limit bytes.
func (o *object) text(key string, limit int) string {
	v, _ := read[string](o, key)
	return cut(v, limit)
}

// str returns a short string, such as a name or a title.
func (o *object) str(key string) string { return o.text(key, maxText) }

// time returns a moment by this machine's clock.
func (o *object) time(key string) time.Time {
	v, ok := read[string](o, key)
	if !ok || v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		o.strange(key)
		return time.Time{}
	}
	return o.skew.Here(t.UTC())
}

// link returns an address that may be opened, or nothing.
func (o *object) link(key string) string {
	v := o.text(key, maxLong)
	if v != "" && !isWeb(v) {
		o.strange(key)
		return ""
	}
	return v
}

// child returns an object within, nil when it is missing.
func (o *object) child(key string) *object {
	fields, ok := read[map[string]json.RawMessage](o, key)
	if !ok {
		return nil
	}
	return &object{fields: fields, path: o.path + key + ".", odd: o.odd, skew: o.skew}
}

// elements returns a list's elements, false when it is no list.
func (o *object) elements(key string) ([]json.RawMessage, bool) {
	return read[[]json.RawMessage](o, key)
}

// children returns the objects of a list; elements that are none are odd.
func (o *object) children(key string) []*object {
	raw, _ := o.elements(key)
	out := make([]*object, 0, len(raw))
	for _, r := range raw {
		var fields map[string]json.RawMessage
		if json.Unmarshal(r, &fields) != nil || fields == nil {
			o.strange(key)
			continue
		}
		out = append(out, &object{fields: fields, path: o.path + key + ".", odd: o.odd, skew: o.skew})
	}
	return out
}

// cut returns at most n bytes of s, whole characters of them.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// isWeb reports whether s is an http or https address and nothing else.
func isWeb(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
