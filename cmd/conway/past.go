package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"conway/internal/config"
	"conway/internal/envelope"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
)

// ledgerPast is what the whole ledger holds, for a command that tells of it.
type ledgerPast struct {
	records []ledger.Record
	facts   report.Facts
	// pages and deploys are what each source said last before it was written down.
	pages   []oncall.PagesEvent
	deploys []oncall.DeploysEvent
}

// past reads the ledger. The error says what could not be read; the rest is there.
func (a *app) past(ctx context.Context, cfg config.Config) (ledgerPast, error) {
	var p ledgerPast
	err := a.withLedger(ctx, cfg, true, func(j *ledger.Journal) (err error) {
		p, err = pastOf(ctx, j)
		return err
	})
	return p, err
}

// pastOf is past of a ledger that is open.
func pastOf(ctx context.Context, j *ledger.Journal) (p ledgerPast, err error) {
	err = func() error {
		for cursor := ledger.Cursor(0); ; {
			some, next, err := j.Since(ctx, cursor)
			if err != nil {
				return err
			}
			if len(some) == 0 {
				break
			}
			p.records = append(p.records, some...)
			cursor = next
		}
		all, err := j.Snapshots(ctx)
		for _, s := range all {
			var k kept
			if json.Unmarshal(s.Data, &k) != nil {
				continue // of another version
			}
			if k.Pages != nil {
				p.pages = append(p.pages, *k.Pages)
			}
			if k.Deploys != nil {
				p.deploys = append(p.deploys, *k.Deploys)
			}
		}
		return err
	}()
	records := make([]report.Record, 0, len(p.records))
	for _, r := range p.records {
		records = append(records, report.Record{ID: r.ID, At: r.At, Kind: r.Kind, Body: r.Body})
	}
	facts, unread := report.Read(records)
	p.facts = facts
	return p, errors.Join(err, unread)
}

// page returns a page as it was last listed.
func (p ledgerPast) page(ref oncall.Ref) (oncall.Page, bool) {
	for _, e := range p.pages {
		if i := slices.IndexFunc(e.Pages, func(q oncall.Page) bool { return q.Ref == ref }); i >= 0 {
			return e.Pages[i], true
		}
	}
	return oncall.Page{}, false
}

// cleaner takes secrets out of what is written for others: those that were read
// while the command ran, those of the config's variables, and whatever looks like
// a credential. Sources read theirs at the same time.
type cleaner struct {
	mu      sync.Mutex
	secrets []string
}

func (a *app) cleaner(cfg config.Config) *cleaner {
	c := &cleaner{}
	for _, name := range cfg.SecretVariables() {
		c.learn(a.getenv(name))
	}
	return c
}

func (c *cleaner) learn(secret string) {
	if secret != "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.secrets = append(c.secrets, secret)
	}
}

func (c *cleaner) clean(s string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return envelope.Redact(s, c.secrets)
}

// refOf reads what oncall.Ref's String wrote.
func refOf(s string) oncall.Ref {
	source, id, _ := strings.Cut(s, "/")
	return oncall.Ref{Source: source, ID: id}
}
