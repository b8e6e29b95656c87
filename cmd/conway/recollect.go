package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"conway/internal/follow"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/sources"
)

// recollectEvery is how often the ledger is looked at for new records: one look at
// the end of an index.
const recollectEvery = time.Second

// sights are the open pages, and what is known of each that bears on what the
// ledger says of it. Taking an event in never waits.
type sights struct {
	mu      sync.Mutex
	pages   map[string]oncall.PagesEvent
	details map[oncall.Ref]oncall.PageDetail
	deploys map[string][]oncall.Deploy
	wake    chan struct{}
}

func newSights() sights {
	return sights{
		pages: map[string]oncall.PagesEvent{}, details: map[oncall.Ref]oncall.PageDetail{},
		deploys: map[string][]oncall.Deploy{}, wake: make(chan struct{}, 1),
	}
}

// note hears what sources say.
func (s *sights) note(e oncall.Event) {
	if e.Meta().Err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := e.(type) {
	case oncall.PagesEvent:
		s.pages[e.Source] = e
		s.forget()
	case oncall.DetailEvent:
		s.details[e.Page] = e.Detail
	case oncall.DeploysEvent:
		s.deploys[e.Source] = e.Deploys
	default:
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// forget drops the details of pages that are listed no more.
func (s *sights) forget() {
	listed := map[oncall.Ref]bool{}
	for _, e := range s.pages {
		for _, p := range e.Pages {
			listed[p.Ref] = true
		}
	}
	for ref := range s.details {
		if !listed[ref] {
			delete(s.details, ref)
		}
	}
}

// all returns the pages as they are now, with what is known of each.
func (s *sights) all(now time.Time) []look {
	s.mu.Lock()
	defer s.mu.Unlock()
	var deploys []oncall.Deploy
	for _, some := range s.deploys {
		deploys = append(deploys, some...)
	}
	var out []look
	for _, e := range s.pages {
		for _, p := range e.Pages {
			out = append(out, look{skewed{p, e.Skew}, s.details[p.Ref], deploys, now})
		}
	}
	return out
}

// recollect keeps what the ledger says of the open pages up to date, until ctx
// ends. Nothing waits for it, and while the ledger cannot be read it is silent:
// what ails that is said elsewhere, and a page is a page without it.
func (c *core) recollect(ctx context.Context) {
	names, err := c.names(ctx)
	if err != nil {
		return // fill says so
	}
	r := records{services: c.services, names: names}
	recall := report.NewRecall(c.person(names))
	var at ledger.Cursor
	told := false
	for news := true; ; {
		if c.journal.Writable() == nil {
			if at == 0 {
				recall, at = c.remembered(ctx, recall, &names.wishes)
			}
			next, err := c.learned(ctx, recall, &names.wishes, at)
			news, at = news || next != at, next
			if me := c.person(names); me.ID != recall.Person() {
				recall, at = report.NewRecall(me), 0 // what was theirs is nobody's now
				continue
			}
			if err == nil && news {
				told, news = c.tellRecall(r, recall, told), false
			}
		}
		timer := time.NewTimer(sources.Beat(time.Now(), recollectEvery))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-c.sights.wake:
			news = true
		case <-timer.C:
		}
		timer.Stop()
	}
}

// remembered returns a memory of everything that the ledger holds by now, at the
// pace at which that can be read, and how far that went: nothing and nowhere where
// it cannot be read, which learned then finds out.
func (c *core) remembered(ctx context.Context, of *report.Recall, w *report.Wishes) (*report.Recall, ledger.Cursor) {
	recall := of.Anew()
	at, err := c.journal.Scan(ctx, 0, func(raw ledger.Raw) error {
		if recall.Takes(raw.Kind) || w.Takes(raw.Kind) {
			c.hear(recall, w, report.Record{ID: string(raw.ID), At: raw.At, Kind: string(raw.Kind), Body: raw.Body})
		}
		return nil
	})
	if err != nil {
		return of.Anew(), 0
	}
	return recall, at
}

// hear takes one record in.
func (c *core) hear(recall *report.Recall, w *report.Wishes, r report.Record) {
	if err := errors.Join(recall.Take(r), w.Take(r)); err != nil {
		c.log.Warn("a record of the ledger cannot be read", "id", r.ID, "error", err.Error())
	}
}

// learned takes in what was written since, and returns how far that went.
func (c *core) learned(ctx context.Context, recall *report.Recall, w *report.Wishes, at ledger.Cursor) (ledger.Cursor, error) {
	for {
		records, next, err := c.journal.Since(ctx, at)
		if err != nil || len(records) == 0 {
			return at, err
		}
		for _, rec := range records {
			c.hear(recall, w, report.Record{ID: rec.ID, At: rec.At, Kind: rec.Kind, Body: rec.Body})
		}
		at = next
	}
}

// person is whoever is at this screen, as the ledger knows them.
func (c *core) person(names pseudonyms) report.Person {
	me := report.Person{ID: names.of(c.cfg.Me.Email), Stays: []report.Stay{{Zone: c.cfg.Me.Location()}}}
	for who, p := range c.cfg.People {
		if !strings.EqualFold(who, c.cfg.Me.Email) && !slices.Contains(names.all(c.cfg.Me.Email), who) {
			continue
		}
		me.Team, me.Sleep, me.Work = p.Team, hoursOf(p.Sleep), hoursOf(p.Work)
		if zone, err := time.LoadLocation(p.TimeZone); err == nil {
			me.Stays = []report.Stay{{Zone: zone}}
		}
	}
	return me
}

// tellRecall shows what there is to say, and reports whether that is anything. A
// screen that was told nothing need not be told so again.
func (c *core) tellRecall(r records, recall *report.Recall, told bool) bool {
	now := c.now()
	out := oncall.Recall{Pages: map[oncall.Ref]oncall.PageRecall{}}
	for _, l := range c.sights.all(now) {
		if p := c.sighted(r, recall, l); len(p.Line) > 0 || p.Left != nil {
			out.Pages[l.page.Ref] = p
		}
	}
	out.Untagged = recall.Untagged(now)
	some := len(out.Pages) > 0 || len(out.Untagged) > 0
	if !some && !told {
		return false
	}
	c.box.Put(oncall.RecallEvent{Stamp: oncall.Stamp{Source: ledgerName, At: now}, Recall: out})
	return some
}

// sighted is what the ledger says of one page.
func (c *core) sighted(r records, recall *report.Recall, l look) oncall.PageRecall {
	p := l.page
	var out oncall.PageRecall
	body := r.incident(p.Page, l.detail.Labels)
	out.Left = recall.Left(body.ID, body.Fingerprint)
	if p.Status != oncall.Acknowledged {
		return out
	}
	s := report.Sight{
		Incident: body.ID, Fingerprint: body.Fingerprint, Title: p.Title, At: p.CreatedAt.Add(p.skew),
		Mine: p.Mine || slices.ContainsFunc(p.Acks, func(a oncall.Acknowledgement) bool {
			return a.By.Email != "" && strings.EqualFold(a.By.Email, c.cfg.Me.Email)
		}),
	}
	service, _, _ := c.services.Resolve(p.Page, &l.detail)
	if all := follow.Suspects(l.deploys, service, c.services, p.CreatedAt, l.now, l.detail.Labels); len(all) > 0 && all[0].Band == follow.Likely {
		d := all[0].Deploy
		out.Deploy = d.Ref
		s.Suspect = &report.Precedent{
			Service: cmp.Or(d.Service, d.Repo), Version: cmp.Or(d.Version, brief(d.Commit)), Team: cmp.Or(d.Team, service.Owner),
			Before: all[0].Before, Chance: all[0].Chance(),
		}
	}
	out.Line = recall.Line(s, l.now.Add(p.skew))
	return out
}

// briefCommit is how much of a commit's hash people read aloud.
const briefCommit = 7

func brief(commit string) string { return commit[:min(len(commit), briefCommit)] }

// countNights counts what the ledger holds for the person at this screen.
func (c *core) countNights(ctx context.Context) {
	n, err := c.nights(ctx)
	if ctx.Err() != nil {
		return
	}
	c.box.Put(oncall.NightsEvent{
		Stamp: oncall.Stamp{Source: ledgerName, At: c.now(), Err: oncall.AsFault(err, ledgerName, "count the ledger")}, Nights: n,
	})
}

func (c *core) nights(ctx context.Context) (oncall.Nights, error) {
	if c.journal == nil {
		return oncall.Nights{}, errors.New("there is no ledger here")
	}
	names, err := c.names(ctx)
	if err != nil {
		return oncall.Nights{}, err
	}
	now := c.now()
	facts, unread, err := factsOf(ctx, c.journal, report.Quarter(now))
	if err != nil {
		return oncall.Nights{}, err
	}
	if unread != nil {
		c.log.Warn("a record of the ledger cannot be read", "error", unread.Error())
	}
	names = names.with(facts.Wishes)
	if facts.People, err = peopleOf(c.cfg, names); err != nil {
		return oncall.Nights{}, err
	}
	me := c.person(names)
	if !slices.ContainsFunc(facts.People, func(p report.Person) bool { return p.ID == me.ID }) {
		facts.People = append(facts.People, me)
	}
	return report.Nights(facts, me.ID, privacy(c.cfg, facts), now), nil
}
