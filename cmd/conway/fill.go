package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// fillTimeout bounds reading the history of one page.
	fillTimeout = 30 * time.Second
	// fillPause is the least time between two histories: what is asked for the
	// ledger must leave nearly all of the pager's allowance to the screen.
	fillPause = time.Second
	// fillAgain is how long nothing is asked after a failure.
	fillAgain = time.Minute
)

// unwritten is what sources said and the ledger does not have yet. Taking an
// event in never waits.
type unwritten struct {
	mu sync.Mutex
	// seen is how each page stood when its history was last asked for.
	seen map[oncall.Ref]pageState
	// pages wait for their histories to be read, deploys to be written.
	pages   []oncall.Page
	deploys map[string]oncall.DeploysEvent
	wake    chan struct{}
}

// pageState is what of a page differs when its history has grown.
type pageState struct {
	status  oncall.Status
	updated time.Time
	acks    int
	first   string
}

func stateOf(p oncall.Page) pageState {
	s := pageState{status: p.Status, updated: p.UpdatedAt, acks: len(p.Acks)}
	if len(p.Assignees) > 0 {
		s.first = p.Assignees[0].ID
	}
	return s
}

func newUnwritten() unwritten {
	return unwritten{
		seen: map[oncall.Ref]pageState{}, deploys: map[string]oncall.DeploysEvent{},
		wake: make(chan struct{}, 1),
	}
}

// note hears what sources say.
func (u *unwritten) note(e oncall.Event) {
	if e.Meta().Err != nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch e := e.(type) {
	case oncall.PagesEvent:
		for _, p := range e.Pages {
			if state, known := u.seen[p.Ref]; !known || state != stateOf(p) {
				u.seen[p.Ref] = stateOf(p)
				u.queue(p, true)
			}
		}
	case oncall.DeploysEvent:
		u.deploys[e.Source] = e
	default:
		return
	}
	select {
	case u.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// queue puts a page at the end, in place of what is known of it if it is newer.
func (u *unwritten) queue(p oncall.Page, newer bool) {
	i := slices.IndexFunc(u.pages, func(q oncall.Page) bool { return q.Ref == p.Ref })
	switch {
	case i < 0:
		u.pages = append(u.pages, p)
	case newer:
		u.pages[i] = p
	}
}

// take returns what waits: the page that has waited longest, and all deploys.
func (u *unwritten) take() (page oncall.Page, ok bool, deploys []oncall.DeploysEvent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if ok = len(u.pages) > 0; ok {
		page, u.pages = u.pages[0], u.pages[1:]
	}
	for name, e := range u.deploys {
		deploys = append(deploys, e)
		delete(u.deploys, name)
	}
	return page, ok, deploys
}

// again puts back what could not be written, behind all others.
func (u *unwritten) again(page oncall.Page, ok bool, deploys []oncall.DeploysEvent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if ok {
		u.queue(page, false)
	}
	for _, e := range deploys {
		if _, newer := u.deploys[e.Source]; !newer {
			u.deploys[e.Source] = e
		}
	}
}

// fill writes what sources say into the ledger, until ctx ends. Nothing waits
// for it, and what fails is told once and tried again.
func (c *core) fill(ctx context.Context) {
	names, err := c.names(ctx)
	if err != nil {
		c.ledgerFailed("record what sources say", err)
		return
	}
	r := records{services: c.services, names: names}
	told := false
	written := map[string]bool{}
	for {
		page, ok, deploys := c.unwritten.take()
		if !ok && len(deploys) == 0 {
			select {
			case <-c.unwritten.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		err := c.write(ctx, r, page, deploys, written)
		fault, pager := errors.AsType[*oncall.Fault](err)
		pause := fillPause
		if err != nil {
			// What the pager will never answer is not asked again before it changes.
			c.unwritten.again(page, ok && (!pager || fault.Passing()), deploys)
			pause = fillAgain
		}
		switch bad := err != nil && ctx.Err() == nil; {
		case bad && pager: // the pager's own line says what ails it
			c.log.Warn("a page's history could not be read", "error", err.Error())
		case bad && !told:
			c.ledgerFailed("record what sources say", err)
			told = true
		case err == nil && told:
			c.box.Put(oncall.HealthEvent{Stamp: oncall.Stamp{Source: ledgerName, At: c.now()}, Up: true})
			told = false
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// write writes the history of a page, and deploys. Those in written are in the
// ledger already.
func (c *core) write(ctx context.Context, r records, page oncall.Page, deploys []oncall.DeploysEvent, written map[string]bool) error {
	ctx, cancel := context.WithTimeout(ctx, fillTimeout)
	defer cancel()
	var out []ledger.Record
	if source, ok := c.byName[page.Ref.Source].(sources.Chronicler); ok {
		moments, err := source.Chronicle(ctx, page)
		if err != nil {
			return err
		}
		if out, err = r.page(page, moments); err != nil {
			return err
		}
	}
	for _, e := range deploys {
		some, err := r.deploys(e)
		if err != nil {
			return err
		}
		out = append(out, some...)
	}
	out = slices.DeleteFunc(out, func(r ledger.Record) bool { return written[r.ID] })
	if len(out) == 0 {
		return nil
	}
	if _, err := c.journal.AppendMissing(ctx, out); err != nil {
		return err
	}
	for _, r := range out {
		written[r.ID] = true
	}
	return nil
}
