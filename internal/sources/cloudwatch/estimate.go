package cloudwatch

import (
	"context"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/tailing"
)

// day is what retention is counted in.
const day = 24 * time.Hour

// group is what DescribeLogGroups tells of one.
type group struct {
	Name string `json:"logGroupName"`
	ARN  string `json:"arn"`
	// Created is in milliseconds since 1970, and Days is how long lines are kept,
	// absent for ever.
	Created *int64 `json:"creationTime"`
	Days    *int64 `json:"retentionInDays"`
	Stored  *int64 `json:"storedBytes"`
}

// Estimate says what a search would look at, as if what a group stores were
// spread evenly over the time for which it keeps it. It is no bound: a bad hour
// writes more than others, and what is stored is told with a delay. Bytes are not
// known as soon as they are not known of one group, such as one of another
// account.
func (s *Source) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	cost := oncall.LogCost{Bytes: -1, Lines: -1}
	if q.Unfilled != "" {
		return cost, tailing.Askable(s.o.Name, opEstimate, q, "")
	}
	cost.Parts, cost.PartName = len(s.o.Groups), "log groups"
	var sum int64
	known := true
	for _, name := range s.o.Groups {
		g, err := s.describe(ctx, name)
		if err != nil {
			return oncall.LogCost{Bytes: -1, Lines: -1}, err
		}
		start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
		bytes, ok := g.share(start, end, time.Now().Add(s.http.Skew.Ahead()))
		sum, known = sum+bytes, known && ok
	}
	if known {
		cost.Bytes = sum
	}
	return cost, nil
}

// describe returns a group by its name or its ARN, empty when it is not told of.
func (s *Source) describe(ctx context.Context, id string) (group, error) {
	name := id
	if _, after, ok := strings.Cut(id, ":log-group:"); ok {
		name = after
	}
	var a struct {
		Groups *[]group `json:"logGroups"`
	}
	// Groups come in the order of their names, so that of a prefix comes first.
	if err := s.call(ctx, opEstimate, "DescribeLogGroups", map[string]any{"logGroupNamePrefix": name, "limit": 1}, &a); err != nil {
		return group{}, err
	}
	if a.Groups == nil {
		return group{}, s.malformed(opEstimate, nil)
	}
	for _, g := range *a.Groups {
		// One of the same name may belong to another account.
		if g.Name == name && (name == id || strings.TrimSuffix(g.ARN, ":*") == id) {
			return g, nil
		}
	}
	return group{}, nil
}

// share is how much of what a group stores lies in a window; false when it does
// not say.
func (g group) share(start, end, now time.Time) (int64, bool) {
	if g.Stored == nil || g.Created == nil || *g.Stored < 0 {
		return 0, false
	}
	from := time.UnixMilli(*g.Created)
	if g.Days != nil {
		if kept := now.Add(-time.Duration(*g.Days) * day); kept.After(from) {
			from = kept
		}
	}
	if start.Before(from) {
		start = from
	}
	if end.After(now) {
		end = now
	}
	if !start.Before(end) {
		return 0, true
	}
	return int64(float64(*g.Stored) * float64(end.Sub(start)) / float64(now.Sub(from))), true
}
