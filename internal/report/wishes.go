package report

import (
	"fmt"
	"time"
)

// The kinds of record by which people say what may become of what is known of
// them. Their actor is nobody: the pseudonym must not be led back to a person.
const (
	KindConsent = "consent"
	KindForget  = "forget"
)

// Scope is what somebody agrees to.
type Scope string

// The scopes of a consent.
const (
	// ScopeShare is that what is recorded of them, and by them, leaves their machine.
	ScopeShare Scope = "share"
	// ScopeName is that their team is named though it is small.
	ScopeName Scope = "name"
)

type (
	// ConsentBody is KindConsent: a person agrees, or no longer.
	ConsentBody struct {
		Person    string `json:"person"`
		Scope     Scope  `json:"scope"`
		Withdrawn bool   `json:"withdrawn,omitempty"`
	}
	// ForgetBody is KindForget: from then on the pseudonym is nobody's, and whose it
	// was has another one.
	ForgetBody struct {
		Person string `json:"person"`
	}
)

// Wishes are what people said of what is recorded of them. The zero value is that
// nobody has agreed to anything.
type Wishes struct {
	consents  map[consentKey]consent
	forgotten map[string]time.Time
}

type consentKey struct {
	person string
	scope  Scope
}

// consent is the newest word, by its time and then by its record's id, so that
// the order in which two ledgers were merged decides nothing.
type consent struct {
	at    time.Time
	id    string
	given bool
}

// Takes reports whether records of a kind say anything to them.
func (w *Wishes) Takes(kind []byte) bool {
	return string(kind) == KindConsent || string(kind) == KindForget
}

// Take takes one record in; of other kinds it takes no notice.
func (w *Wishes) Take(rec Record) error {
	var err error
	switch rec.Kind {
	case KindConsent:
		err = with(rec, func(b ConsentBody) { w.agree(rec, b) })
	case KindForget:
		err = with(rec, func(b ForgetBody) {
			if at, known := w.forgotten[b.Person]; known && !rec.At.Before(at) {
				return
			}
			if w.forgotten == nil {
				w.forgotten = map[string]time.Time{}
			}
			w.forgotten[b.Person] = rec.At
		})
	}
	if err != nil {
		return fmt.Errorf("read %s record %s: %w", rec.Kind, rec.ID, err)
	}
	return nil
}

func (w *Wishes) agree(rec Record, b ConsentBody) {
	key, c := consentKey{b.Person, b.Scope}, consent{rec.At, rec.ID, !b.Withdrawn}
	last, known := w.consents[key]
	if known && (last.at.After(c.at) || last.at.Equal(c.at) && last.id > c.id) {
		return
	}
	if w.consents == nil {
		w.consents = map[consentKey]consent{}
	}
	w.consents[key] = c
}

// Agreed reports whether a person has agreed. A pseudonym that was forgotten
// agrees to nothing.
func (w *Wishes) Agreed(person string, s Scope) bool {
	_, gone := w.forgotten[person]
	return !gone && w.consents[consentKey{person, s}].given
}

// Forgotten returns from when on a pseudonym is nobody's.
func (w *Wishes) Forgotten(person string) (at time.Time, ok bool) {
	at, ok = w.forgotten[person]
	return at, ok
}

// Any reports whether anybody was forgotten.
func (w *Wishes) Any() bool { return len(w.forgotten) > 0 }
