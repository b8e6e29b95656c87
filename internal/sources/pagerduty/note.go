package pagerduty

import (
	"context"
	"fmt"
	"net/http"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// Annotate implements sources.Annotator. Text that is too long is refused rather
// than cut: half a note can say the opposite.
func (s *Source) Annotate(ctx context.Context, id, text string) error {
	ctx = sources.ForAction(ctx)
	op := "write a note on " + sources.Printable(id, maxTitle)
	switch {
	case text == "":
		return s.fault(oncall.Rejected, op, "the note is empty", "write something")
	case len(text) > maxLong:
		return s.fault(oncall.Rejected, op, fmt.Sprintf("the note has %d bytes", len(text)), fmt.Sprintf("shorten it to %d", maxLong))
	}
	path, err := s.incidentPath(op, id, "/notes")
	if err != nil {
		return err
	}
	from, _, err := s.actor(ctx, op)
	if err != nil {
		return s.asFault(err, op, false)
	}
	body := map[string]any{"note": map[string]string{"content": text}}
	o, err := s.call(ctx, op, http.MethodPost, path, nil, from, body)
	if err != nil {
		return s.asFault(err, op, true)
	}
	if o.child("note") == nil {
		f := s.malformed(op, "note")
		f.Ambiguous = true
		return f
	}
	s.look()
	return nil
}

// NoteExists implements sources.Annotator.
func (s *Source) NoteExists(ctx context.Context, id, text string) (bool, error) {
	n, err := s.CountNotes(ctx, id, text)
	return n > 0, err
}

// CountNotes implements sources.NoteCounter.
func (s *Source) CountNotes(ctx context.Context, id, text string) (int, error) {
	ctx = sources.ForAction(ctx)
	op := "read the notes of " + sources.Printable(id, maxTitle)
	raw, err := s.rawNotes(ctx, op, id)
	if err != nil {
		return 0, s.asFault(err, op, false)
	}
	n := 0
	for _, o := range raw {
		if content, ok := read[string](o, "content"); ok && content == text {
			n++
		}
	}
	return n, nil
}

// rawNotes reads all notes: this list is not paged.
func (s *Source) rawNotes(ctx context.Context, op, id string) ([]*object, error) {
	path, err := s.incidentPath(op, id, "/notes")
	if err != nil {
		return nil, err
	}
	o, err := s.get(ctx, op, path, nil)
	if err != nil {
		return nil, err
	}
	if _, ok := o.elements("notes"); !ok {
		return nil, s.malformed(op, "list of notes")
	}
	return o.children("notes"), nil
}
