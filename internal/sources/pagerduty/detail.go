package pagerduty

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"conway/internal/oncall"
)

const (
	// maxAlertPages and maxLogPages bound what one page's detail may cost.
	maxAlertPages = 5
	maxLogPages   = 3
)

// Detail implements sources.Detailer. Its parts are asked for side by side and
// each may fail alone: a part that could not be read is nil, one that is empty
// is not. Only when nothing could be read is that a fault.
func (s *Source) Detail(ctx context.Context, page oncall.Page) (oncall.PageDetail, error) {
	id := page.Ref.ID
	var out oncall.PageDetail
	var found []foundAlert
	err := s.sideBySide(
		func() (err error) { found, err = s.alerts(ctx, id); return err },
		func() (err error) { out.Notes, err = s.notes(ctx, id); return err },
		func() (err error) { out.Log, err = s.logEntries(ctx, id); return err },
		func() (err error) { out.History, err = s.history(ctx, page); return err },
	)
	if err != nil {
		return oncall.PageDetail{}, s.asFault(err, "read the detail of "+id, false)
	}
	if found != nil {
		out.Alerts = make([]oncall.Alert, 0, len(found))
		for _, a := range found {
			out.Alerts = append(out.Alerts, a.Alert)
		}
		out.Labels, out.Runbook = agreed(out.Alerts), runbook(found)
	}
	return out, nil
}

// sideBySide runs the parts at once and waits for all of them. It fails, with
// the first part's failure, when every part has failed.
func (s *Source) sideBySide(parts ...func() error) error {
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = s.crash("read the detail", p)
				}
			}()
			errs[i] = part()
		})
	}
	wg.Wait()
	if slices.Contains(errs, nil) {
		return nil
	}
	return errs[0]
}

// notes reads what people wrote, oldest first.
func (s *Source) notes(ctx context.Context, id string) ([]oncall.Note, error) {
	raw, err := s.rawNotes(ctx, "read the notes", id)
	if err != nil {
		return nil, err
	}
	out := make([]oncall.Note, 0, len(raw))
	for _, o := range raw {
		out = append(out, oncall.Note{
			ID: o.text("id", maxID), By: person(o.child("user")), At: o.time("created_at"), Text: o.text("content", maxLong),
		})
	}
	slices.SortStableFunc(out, func(a, b oncall.Note) int { return a.At.Compare(b.At) })
	return out, nil
}

// logEntries reads what is important in PagerDuty's own history, oldest first.
func (s *Source) logEntries(ctx context.Context, id string) ([]oncall.LogEntry, error) {
	const op = "read the log entries"
	path, err := s.incidentPath(op, id, "/log_entries")
	if err != nil {
		return nil, err
	}
	found, err := s.list(ctx, op, path, "log_entries", url.Values{"is_overview": {"true"}}, maxLogPages)
	if err != nil {
		return nil, err
	}
	out := make([]oncall.LogEntry, 0, len(found.objects))
	// The newest come first, many in the same second: turning the list round
	// keeps their order.
	for _, o := range slices.Backward(found.objects) {
		e := oncall.LogEntry{
			At: o.time("created_at"), Kind: strings.TrimSuffix(o.str("type"), "_log_entry"),
			By: person(o.child("agent")).Name, Text: o.str("summary"),
		}
		// What a channel holds depends on its type; two of the texts are common.
		channel := o.child("channel")
		e.Text = cmp.Or(e.Text, o.str("note"), channel.str("summary"), e.Kind)
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b oncall.LogEntry) int { return a.At.Compare(b.At) })
	return out, nil
}
