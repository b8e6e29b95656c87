package pagerduty

import (
	"context"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// Find implements sources.Finder.
func (s *Source) Find(ctx context.Context, id string) (oncall.Page, error) {
	op := "read " + sources.Printable(id, maxTitle)
	in, err := s.read(sources.ForAction(ctx), op, id)
	if err != nil {
		return oncall.Page{}, s.asFault(err, op, false)
	}
	return in.page, nil
}

var _ sources.Finder = (*Source)(nil)
