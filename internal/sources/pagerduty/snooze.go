package pagerduty

import (
	"context"
	"net/http"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// maxSnooze is PagerDuty's own limit: 604,800 seconds.
	maxSnooze = 7 * 24 * time.Hour
	// snoozeSlack is how far from the wanted moment a snooze may end and still be
	// the one that was asked for: PagerDuty counts from when the request arrived.
	snoozeSlack = 90 * time.Second
)

// Snooze implements sources.Snoozer. The library's own call sends no From and
// fails, so this one is ours. It reads the incident first, so that a resolved one
// is named as such and asking twice does not prolong a snooze.
func (s *Source) Snooze(ctx context.Context, id string, until time.Time) error {
	ctx = sources.ForAction(ctx)
	op := "snooze " + sources.Printable(id, maxTitle)
	left := time.Until(until)
	switch {
	case left < time.Second:
		return s.fault(oncall.Rejected, op, "the moment until which to snooze has passed", "press the key again")
	case left > maxSnooze:
		return s.fault(oncall.Rejected, op, "PagerDuty snoozes for at most 7 days", "choose a nearer moment")
	}
	path, err := s.incidentPath(op, id, "/snooze")
	if err != nil {
		return err
	}
	from, _, err := s.actor(ctx, op)
	if err != nil {
		return s.asFault(err, op, false)
	}
	in, err := s.read(ctx, op, id)
	switch {
	case err != nil:
		return s.asFault(err, op, false)
	case !in.page.Open():
		return s.resolvedMeanwhile(op, in)
	case snoozedUntil(in.page, until):
		s.look()
		return nil
	}
	body := map[string]any{"duration": int(left / time.Second)}
	o, err := s.call(ctx, op, http.MethodPost, path, nil, from, body)
	if err != nil {
		return s.settleSnooze(ctx, op, id, until, s.asFault(err, op, true))
	}
	if o.child("incident") == nil {
		f := s.malformed(op, "incident")
		f.Ambiguous = true
		return s.settleSnooze(ctx, op, id, until, f)
	}
	s.look()
	return nil
}

// settleSnooze looks what became of a snooze whose answer was lost.
func (s *Source) settleSnooze(ctx context.Context, op, id string, until time.Time, f *oncall.Fault) error {
	if !f.Ambiguous {
		return f
	}
	if in, err := s.read(ctx, op, id); err == nil && snoozedUntil(in.page, until) {
		s.look()
		return nil
	}
	return f
}

// snoozedUntil reports whether the page will call again at about that moment.
func snoozedUntil(p oncall.Page, until time.Time) bool {
	for _, e := range p.Pending {
		if e.Kind == "unacknowledge" && e.At.Sub(until).Abs() <= snoozeSlack {
			return true
		}
	}
	return false
}

var _ sources.Snoozer = (*Source)(nil)
