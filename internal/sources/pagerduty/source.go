package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// Source is one PagerDuty account as one person sees it.
type Source struct {
	opts   Options
	base   string
	http   sources.HTTP
	client *http.Client
	quota  quota

	nudge, rosterNudge sources.Nudge
	// wanted is set when somebody asked for a look now, which may not be put off.
	wanted atomic.Bool

	// asking is held by whoever finds out who is at this screen.
	asking chan struct{}

	mu sync.Mutex
	me *identity
	// addresses are those of the account's people by id, nil until somebody asks.
	addresses map[string]string
	// policies are those of the open pages, whose next person is asked for.
	policies map[string]bool

	// The fields below belong to Run's own goroutine; they outlive a Run so that
	// the next continues where it left off.

	// known are the pages of the last snapshot, by id.
	known map[string]ghost
	// quietUntil is how long polling is put off to spare the rate limit.
	quietUntil time.Time
	// askMeAt is when to try again to find out who is at this screen.
	askMeAt time.Time
}

// The abilities, checked here so that a change of one does not go unnoticed.
var (
	_ sources.Source       = (*Source)(nil)
	_ sources.Acknowledger = (*Source)(nil)
	_ sources.Resolver     = (*Source)(nil)
	_ sources.Annotator    = (*Source)(nil)
	_ sources.Detailer     = (*Source)(nil)
	_ sources.Chronicler   = (*Source)(nil)
	_ sources.Refresher    = (*Source)(nil)
)

// Name implements sources.Source.
func (s *Source) Name() string { return s.opts.Name }

// Refresh implements sources.Refresher.
func (s *Source) Refresh() {
	s.look()
	s.rosterNudge.Poke()
}

// look has the pages listed again now.
func (s *Source) look() {
	s.wanted.Store(true)
	s.nudge.Poke()
}

// Run implements sources.Source. It emits a PagesEvent at each interval and a
// RosterEvent at its own. A roster that cannot be read does not end it.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rosterCtx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.watchRoster(rosterCtx, emit) })
	defer wg.Wait()
	defer stop()
	return sources.Poll(ctx, s.opts.Every, s.nudge, func(ctx context.Context) error {
		if !s.wanted.Swap(false) && time.Now().Before(s.quietUntil) {
			return nil
		}
		return s.fetchPages(ctx, emit)
	})
}

func (s *Source) stamp() oncall.Stamp {
	return oncall.Stamp{Source: s.opts.Name, At: time.Now(), Skew: s.http.Skew.Ahead()}
}

// there returns the time by PagerDuty's clock, for a question about a span.
func (s *Source) there() time.Time { return time.Now().Add(s.http.Skew.Ahead()).UTC() }

// fault makes a fault of this source.
func (s *Source) fault(kind oncall.FaultKind, op, detail, fix string) *oncall.Fault {
	return &oncall.Fault{Kind: kind, Source: s.opts.Name, Op: op, Detail: detail, Fix: fix}
}

// crash turns a recovered panic into a fault, so that one odd answer costs its
// own request and not the program.
func (s *Source) crash(op string, recovered any) *oncall.Fault {
	f := s.fault(oncall.Malformed, op, "an answer could not be handled", "report this as a bug")
	f.Cause = fmt.Errorf("panic: %v\n%s", recovered, debug.Stack())
	return f
}
