package pagerduty

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"conway/internal/oncall"
)

const (
	// historyWindow is how far back the same alert is looked for.
	historyWindow = 30 * 24 * time.Hour
	// maxHistoryPages bounds the search; a service with more incidents than that
	// is looked at for a shorter time, and the answer says so.
	maxHistoryPages = 5
)

// history finds out how often the same alert fired before, and what the last
// note on the most recent of them says.
func (s *Source) history(ctx context.Context, page oncall.Page) (*oncall.History, error) {
	const op = "look for earlier incidents"
	if !isID(page.Service.ID) {
		return nil, s.fault(oncall.Rejected, op, "the incident does not say which service it is of", "")
	}
	now := s.there()
	out := &oncall.History{Window: historyWindow}
	found, err := s.list(ctx, op, "/incidents", "incidents", url.Values{
		"service_ids[]": {page.Service.ID},
		"statuses[]":    {"resolved"},
		"since":         {now.Add(-historyWindow).Format(time.RFC3339)},
		"until":         {now.Format(time.RFC3339)},
		"sort_by":       {"created_at:desc"},
	}, maxHistoryPages)
	if err != nil {
		return nil, err
	}
	title := sameTitle(page.Title)
	var before []oncall.Page
	oldest := s.http.Skew.Here(now)
	for _, o := range found.objects {
		in, ok := s.incident(o, "")
		if !ok {
			continue
		}
		p := in.page
		if !p.CreatedAt.IsZero() && p.CreatedAt.Before(oldest) {
			oldest = p.CreatedAt
		}
		earlier := page.CreatedAt.IsZero() || !p.CreatedAt.After(page.CreatedAt)
		same := (page.Key != "" && p.Key == page.Key) || (title != "" && sameTitle(p.Title) == title)
		if earlier && same && p.Ref.ID != page.Ref.ID {
			before = append(before, p)
		}
	}
	if !found.complete && len(found.objects) > 0 {
		out.Window = s.http.Skew.Here(now).Sub(oldest)
	}
	out.Count = len(before)
	if out.Count == 0 {
		return out, nil
	}
	last := slices.MaxFunc(before, func(a, b oncall.Page) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Number, b.Number))
	})
	out.Last = last.CreatedAt
	// What helped is worth having, but not at the price of the rest.
	if notes, err := s.notes(ctx, last.Ref.ID); err == nil && len(notes) > 0 {
		out.Fix, _ = oncall.SplitMarker(notes[len(notes)-1].Text)
	}
	return out, nil
}
