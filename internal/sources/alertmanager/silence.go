package alertmanager

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// silenceSlack is how far from the wanted moment a silence may end and still be
	// the one that was asked for.
	silenceSlack = 90 * time.Second
	// comment says in Alertmanager where a silence came from.
	comment = "snoozed in conway"

	opSilences = "list silences"
)

// silence is one silence as the API gives and takes it.
type silence struct {
	ID        string    `json:"id,omitempty"`
	Matchers  []matcher `json:"matchers"`
	StartsAt  time.Time `json:"startsAt"`
	EndsAt    time.Time `json:"endsAt"`
	CreatedBy string    `json:"createdBy"`
	Comment   string    `json:"comment"`
	Status    *struct {
		State string `json:"state"`
	} `json:"status,omitempty"`
}

// matcher is one condition on a label.
type matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	// IsEqual is absent in answers of old releases, where it means true.
	IsEqual *bool `json:"isEqual,omitempty"`
}

// silencesOf returns the silences that keep any of the alerts quiet, by their ids.
// Where none does, none is asked for.
func (s *Source) silencesOf(ctx context.Context, all []alert) (map[string]silence, error) {
	if !slices.ContainsFunc(all, func(a alert) bool { return len(a.Status.SilencedBy) > 0 }) {
		return nil, nil //nolint:nilnil // no silences are an answer
	}
	list, err := s.silences(ctx, opSilences)
	if err != nil {
		return nil, err
	}
	out := make(map[string]silence, len(list))
	for _, one := range list {
		out[one.ID] = one
	}
	return out, nil
}

func (s *Source) silences(ctx context.Context, op string) ([]silence, error) {
	var raw []json.RawMessage
	// Releases that do not know the switches list expired ones too.
	if err := s.call(ctx, op, http.MethodGet, "/silences", url.Values{"expired": {"false"}}, nil, &raw); err != nil {
		return nil, err
	}
	var out []silence
	for _, r := range raw {
		var one silence
		if json.Unmarshal(r, &one) == nil && one.ID != "" && (one.Status == nil || one.Status.State != "expired") {
			out = append(out, one)
		}
	}
	return out, nil
}

// Snooze implements sources.Snoozer with a silence of exactly this alert: all its
// labels, each equal. It reads first, so that asking twice does not make two.
func (s *Source) Snooze(ctx context.Context, id string, until time.Time) error {
	ctx = sources.ForAction(ctx)
	op := "silence " + sources.Printable(id, maxTitle)
	if time.Until(until) < time.Second {
		return s.fault(oncall.Rejected, op, "the moment until which to snooze has passed", "press the key again")
	}
	a, err := s.find(ctx, op, id)
	if err != nil {
		return unsent(err)
	}
	wanted := s.wanted(a, until)
	there, err := s.standing(ctx, op, wanted)
	switch {
	case err != nil:
		return unsent(err)
	case there:
		s.nudge.Poke()
		return nil
	}
	var answer struct {
		ID string `json:"silenceID"`
	}
	err = s.call(ctx, op, http.MethodPost, "/silences", nil, wanted, &answer)
	if err == nil && answer.ID != "" {
		s.nudge.Poke()
		return nil
	}
	f := oncall.AsFault(err, s.opts.Name, op)
	if f == nil {
		f = s.fault(oncall.Malformed, op, "the answer names no silence", "check that url points at Alertmanager itself and not at a proxy")
		f.Ambiguous = true
	}
	if f.Ambiguous { // the answer was lost, and the silence may be there
		if there, err := s.standing(ctx, op, wanted); err == nil && there {
			s.nudge.Poke()
			return nil
		}
	}
	return f
}

// unsent says of a failure to read that nothing was written.
func unsent(err error) error {
	if f := oncall.AsFault(err, "", ""); f != nil {
		f.Ambiguous = false
	}
	return err
}

// wanted is the silence of exactly this alert, by Alertmanager's clock.
func (s *Source) wanted(a alert, until time.Time) silence {
	ahead := s.http.Skew.Ahead()
	out := silence{StartsAt: time.Now().Add(ahead).UTC(), EndsAt: until.Add(ahead).UTC(), CreatedBy: s.opts.From, Comment: comment}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		out.Matchers = append(out.Matchers, matcher{Name: name, Value: a.Labels[name], IsEqual: new(true)})
	}
	return out
}

// standing reports whether the wanted silence is there already.
func (s *Source) standing(ctx context.Context, op string, wanted silence) (bool, error) {
	list, err := s.silences(ctx, op)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list, func(have silence) bool {
		return have.EndsAt.Sub(wanted.EndsAt).Abs() <= silenceSlack && have.CreatedBy == wanted.CreatedBy && sameMatchers(have.Matchers, wanted.Matchers)
	}), nil
}

func sameMatchers(a, b []matcher) bool {
	if len(a) != len(b) {
		return false
	}
	plain := func(all []matcher) map[string]string {
		out := make(map[string]string, len(all))
		for _, m := range all {
			if !m.IsRegex && (m.IsEqual == nil || *m.IsEqual) {
				out[m.Name] = m.Value
			}
		}
		return out
	}
	x, y := plain(a), plain(b)
	return len(x) == len(a) && maps.Equal(x, y)
}
