package pagerduty

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// maxChoicePages bounds how much of a large account is read to choose from.
const maxChoicePages = 10

// Choices implements sources.Chooser: the account's people and policies, or its
// priorities, the most severe first.
func (s *Source) Choices(ctx context.Context, kind oncall.ActionKind) (oncall.Choices, error) {
	ctx = sources.ForAction(ctx)
	out := oncall.Choices{Complete: true}
	switch kind {
	case oncall.Reassign:
		const op = "list whom a page can be given to"
		if err := s.choices(ctx, op, &out, oncall.AimPerson, "/users", "users", "email"); err != nil {
			return out, err
		}
		return out, s.choices(ctx, op, &out, oncall.AimPolicy, "/escalation_policies", "escalation_policies", "description")
	case oncall.Prioritise:
		err := s.choices(ctx, "list the priorities", &out, oncall.AimPriority, "/priorities", "priorities", "description")
		var f *oncall.Fault
		switch {
		case errors.As(err, &f) && f.Status == http.StatusPaymentRequired:
			out.Why = "this PagerDuty plan has no priorities"
			return out, nil
		case err == nil && len(out.Aims) == 0:
			out.Why = "this PagerDuty account has no priorities; an administrator can switch them on"
		}
		return out, err
	default:
		return out, s.fault(oncall.Rejected, "list what to choose from", "nothing is chosen for "+kind.String(), "")
	}
}

// choices adds what one list of the account holds.
func (s *Source) choices(ctx context.Context, op string, out *oncall.Choices, kind oncall.AimKind, path, key, words string) error {
	found, err := s.list(ctx, op, path, key, url.Values{}, maxChoicePages)
	if err != nil {
		return s.asFault(err, op, false)
	}
	out.Complete = out.Complete && found.complete
	for _, o := range found.objects {
		if p := person(o); isID(p.ID) {
			out.Aims = append(out.Aims, oncall.Choice{Aim: oncall.Aim{Kind: kind, ID: p.ID, Name: p.Name}, Words: o.str(words)})
		}
	}
	return nil
}
