package alertmanager

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// maxWhat bounds the words of a silence's matchers.
const maxWhat = 500

// Silences implements sources.Silencer with those that are in force now. One that
// begins later keeps nothing quiet yet.
func (s *Source) Silences(ctx context.Context) ([]oncall.Silence, error) {
	list, err := s.silences(ctx, opSilences)
	if err != nil {
		return nil, err
	}
	there := time.Now().Add(s.http.Skew.Ahead())
	out := make([]oncall.Silence, 0, len(list))
	for _, one := range list {
		if one.StartsAt.After(there) || !one.EndsAt.After(there) {
			continue
		}
		out = append(out, oncall.Silence{
			Source: s.opts.Name, What: one.what(), By: sources.Printable(one.CreatedBy, maxTitle),
			Why: sources.Printable(one.Comment, maxTitle), Until: s.http.Skew.Here(one.EndsAt),
		})
	}
	slices.SortStableFunc(out, func(a, b oncall.Silence) int { return a.Until.Compare(b.Until) })
	return out, nil
}

// what is the silence's condition as Alertmanager's own screen writes it.
func (s silence) what() string {
	all := make([]string, 0, len(s.Matchers))
	for _, m := range s.Matchers {
		sign := "="
		switch equal := m.IsEqual == nil || *m.IsEqual; {
		case equal && m.IsRegex:
			sign = "=~"
		case m.IsRegex:
			sign = "!~"
		case !equal:
			sign = "!="
		}
		all = append(all, m.Name+sign+strconv.Quote(m.Value))
	}
	return sources.Printable(strings.Join(all, ", "), maxWhat)
}
