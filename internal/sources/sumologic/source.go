package sumologic

import (
	"context"
	"net/http"
	"sync/atomic"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/polled"
)

// Source is a sources.Source, sources.Tailer and sources.Searcher.
type Source struct {
	o      Options
	http   sources.HTTP
	client *http.Client
	tail   *polled.Tail
	// base is the API's address, and moved whether it is one that a redirect led to.
	base  atomic.Pointer[string]
	moved atomic.Bool
}

var (
	_ sources.Source    = (*Source)(nil)
	_ sources.Tailer    = (*Source)(nil)
	_ sources.Searcher  = (*Source)(nil)
	_ sources.Refresher = (*Source)(nil)
)

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Follow points the tail at q, in Sumo Logic's query language.
func (s *Source) Follow(q oncall.LogQuery) { s.tail.Follow(q) }

// Refresh asks again now.
func (s *Source) Refresh() { s.tail.Refresh() }

// Run emits the lines that answer the followed query until ctx ends or Sumo Logic
// fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	err := s.tail.Run(ctx, emit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// maxWords bounds Sumo Logic's own words in a fault, in characters.
const maxWords = 200

// fault makes a fault of this source.
func (s *Source) fault(kind oncall.FaultKind, op, detail, fix string) *oncall.Fault {
	return &oncall.Fault{Kind: kind, Source: s.o.Name, Op: op, Detail: sources.Printable(detail, maxWords), Fix: fix}
}

// notSumo is the fault of an answer that is none of the API.
func (s *Source) notSumo(op string) error {
	return s.fault(oncall.Malformed, op, "the answer is not one of Sumo Logic's API",
		"check that url is the API of your deployment, such as "+DefaultURL+", and not its web address")
}
