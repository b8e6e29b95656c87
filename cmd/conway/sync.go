package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/sources"
)

func (a *app) syncCommand() *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use: "sync", Short: "Add the pager's own history, for the report", Args: cobra.NoArgs,
		Long: `sync reads the history of every page that was opened since then and adds what the
ledger lacks of it, each page in one piece. It may be stopped and run again: pages that are
over and already here are not asked for again, and nothing is counted twice.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			span, err := parseSpan(since)
			if err != nil {
				return usage(fmt.Errorf("--since %w", err))
			}
			return a.sync(cmd.Context(), span)
		},
	}
	cmd.Flags().StringVar(&since, "since", "90d", "how far back, such as 13w or 90d")
	return cmd
}

// sync adds what the ledger lacks of every pager's history.
func (a *app) sync(ctx context.Context, span time.Duration) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	c, err := newCore(cfg, a.now, board.KindPages)
	if err != nil {
		return err
	}
	if len(c.sources) == 0 {
		return usage(errors.New("no pager is configured; name one under pages: in the config"))
	}
	names, err := a.pseudonyms(ctx, cfg, c.learn)
	if err != nil {
		return err
	}
	r := records{services: c.services, ownership: c.ownership, names: names, shared: cfg.Ledger.URL != ""}
	return a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error {
		if _, err := heed(ctx, j, &r.names.wishes, 0); err != nil {
			return err
		}
		over, err := overIn(ctx, j)
		if err != nil {
			return err
		}
		for _, s := range c.sources {
			chronicler, ok := s.Source.(sources.Chronicler)
			if !ok {
				fmt.Fprintf(a.stderr, "%s keeps no history that can be read\n", s.Name())
				continue
			}
			if err := a.syncSource(ctx, s.Name(), chronicler, r, j, over, span); err != nil {
				return err
			}
		}
		return nil
	})
}

// syncSource adds the history of one pager. What was added is told however it
// ends.
func (a *app) syncSource(ctx context.Context, name string, s sources.Chronicler, r records, j *ledger.Journal, over map[string]bool, span time.Duration) error {
	now := a.now()
	// The pager's clock may be ahead of this one.
	var pages []oncall.Page
	var err error
	for again := true; again; {
		pages, err = s.Opened(ctx, now.Add(-span), now.Add(time.Hour))
		again = a.waited(ctx, name, err)
	}
	if err != nil {
		return err
	}
	added, read, here := 0, 0, 0
	defer func() {
		if f, ok := s.(sources.Forgetful); ok {
			fmt.Fprintf(a.stderr, "%s: %s\n", name, f.Forgets())
		}
		fmt.Fprintf(a.stdout, "%s: %d records of %d pages added; %d of %d pages were here already\n", name, added, read, here, len(pages))
	}()
	for i, p := range pages {
		if over[p.Ref.String()] {
			here++
			continue
		}
		var n int
		for again := true; again; {
			n, err = syncPage(ctx, s, r, j, p)
			again = a.waited(ctx, name, err)
		}
		if err != nil {
			return fmt.Errorf("stopped before page %d of %d, run it again to go on from there: %w", i+1, len(pages), err)
		}
		if n > 0 {
			added, read = added+n, read+1
		}
	}
	return nil
}

// limitMost is how long a pager may ask to be left alone for it to be waited for.
const limitMost = 10 * time.Minute

// waited waits for a pager that says it has been asked too much, and reports whether
// it is to be asked again. Its allowance is shared with every cockpit of the token,
// so that it may be used up by others.
func (a *app) waited(ctx context.Context, name string, err error) bool {
	f, ok := errors.AsType[*oncall.Fault](err)
	if !ok || f.Kind != oncall.RateLimited || f.RetryAfter <= 0 || f.RetryAfter > limitMost {
		return false
	}
	fmt.Fprintf(a.stderr, "%s: the allowance is used up; it goes on in %s\n", name, f.RetryAfter.Round(time.Second))
	return sleep(ctx, f.RetryAfter)
}

func syncPage(ctx context.Context, s sources.Chronicler, r records, j *ledger.Journal, p oncall.Page) (int, error) {
	moments, err := s.Chronicle(ctx, p)
	if err != nil {
		return 0, err
	}
	all, err := r.page(p, nil, moments)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	if r.shared {
		all = r.names.agreed(all)
	}
	return j.AppendMissing(ctx, all)
}

// overIn returns the pages of whose end the ledger knows. A page's history is
// written in one piece, so that all of it is there; but what was written of before
// somebody agreed to share it may lack theirs, and is asked for again.
func overIn(ctx context.Context, j *ledger.Journal) (map[string]bool, error) {
	out := map[string]bool{}
	for cursor := ledger.Cursor(0); ; {
		some, next, err := j.Since(ctx, cursor)
		if err != nil || len(some) == 0 {
			return out, err
		}
		for _, r := range some {
			if r.Kind == report.KindConsent {
				clear(out)
			}
			var body report.MomentBody
			if r.Kind == report.KindResolve && r.Actor == recorder && r.Decode(&body) == nil {
				out[body.Incident] = true
			}
		}
		cursor = next
	}
}
