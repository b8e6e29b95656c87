package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// maxBody bounds a record's body in bytes: a script and its summary fit, a
	// transcript does not belong here.
	maxBody = 1 << 20
	// maxName bounds kind, source and actor in bytes.
	maxName = 256
)

// Record is one entry of the ledger.
type Record struct {
	// ID is a ULID: 26 characters that sort by time. Append makes one when it is
	// empty. See https://github.com/ulid/spec.
	ID string `json:"id"`
	// At is when it happened; Append fills in the present when it is zero. It is
	// kept in UTC to the nanosecond.
	At time.Time `json:"at"`
	// Kind says what it is about: one of the Kind constants or another word of
	// lower-case letters, digits, dots, dashes and underscores.
	Kind string `json:"kind"`
	// Src is the configured name of the source it is about or comes from.
	Src string `json:"src,omitempty"`
	// Actor is who did it; Append fills in Options.Actor when it is empty.
	Actor string `json:"actor,omitempty"`
	// Body is a JSON value whose shape Kind decides. It is kept without spaces
	// between its tokens, an empty one as {}.
	Body json.RawMessage `json:"body,omitempty"`
	// Prev is the hash of the record before it and Hash its own, both in this
	// file. Append sets them.
	Prev Hash `json:"prev"`
	Hash Hash `json:"hash"`
}

// Decode reads the body into v.
func (r Record) Decode(v any) error {
	if err := json.Unmarshal(r.Body, v); err != nil {
		return fmt.Errorf("read %s record %s: %w", r.Kind, r.ID, err)
	}
	return nil
}

// same reports whether two records say the same, wherever they are chained.
func (r Record) same(s Record) bool { return r.sum(Hash{}) == s.sum(Hash{}) }

// normal returns r as it is stored: one spelling for each content, so that an
// exported record that is imported elsewhere is still the same.
func (r Record) normal() (Record, error) {
	if err := checkID(r.ID); err != nil {
		return r, err
	}
	if err := checkKind(r.Kind); err != nil {
		return r, err
	}
	r.Src, r.Actor = strings.ToValidUTF8(r.Src, "\uFFFD"), strings.ToValidUTF8(r.Actor, "\uFFFD")
	if len(r.Src) > maxName || len(r.Actor) > maxName {
		return r, fmt.Errorf("source or actor is longer than %d bytes", maxName)
	}
	r.At = r.At.UTC().Round(0)
	if y := r.At.Year(); y < 0 || y > 9999 {
		return r, fmt.Errorf("year %d cannot be written", y)
	}
	if len(r.Body) == 0 {
		r.Body = json.RawMessage("{}")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, bytes.ToValidUTF8(r.Body, []byte("\uFFFD"))); err != nil {
		return r, fmt.Errorf("body is not JSON: %w", err)
	}
	if compact.Len() > maxBody {
		return r, fmt.Errorf("body of %d bytes is longer than %d", compact.Len(), maxBody)
	}
	r.Body = compact.Bytes()
	return r, nil
}

func checkKind(kind string) error {
	if kind == "" {
		return errors.New("kind is missing")
	}
	if len(kind) > maxName || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
		return fmt.Errorf("kind %.40q is not a word of a-z, 0-9, dot, dash and underscore", kind)
	}
	return nil
}

// timeText is how times are stored and hashed.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("read time: %w", err)
	}
	return t.UTC(), nil
}
