package main

import (
	"context"
	"errors"
	"maps"
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
	// looked are the pages that somebody looked at, with the deploys known then, and
	// suspected those of which that is written or waits to be.
	looked    []look
	suspected map[oncall.Ref]bool
	// last is the newest word of each page with its source's skew, recent that of
	// each source of deploys.
	last   map[oncall.Ref]skewed
	recent map[string][]oncall.Deploy
	// labels are those of the pages that were looked at.
	labels map[oncall.Ref]map[string]string
	wake   chan struct{}
}

// skewed is a page, and how far its source's clock is ahead of this one.
type skewed struct {
	oncall.Page

	skew time.Duration
}

// look is a page as somebody looked at it.
type look struct {
	page    skewed
	detail  oncall.PageDetail
	deploys []oncall.Deploy
	now     time.Time
}

// batch is what is written at once: at most one page's history.
type batch struct {
	page    oncall.Page
	ok      bool
	deploys []oncall.DeploysEvent
	looked  []look
}

func (b batch) empty() bool { return !b.ok && len(b.deploys) == 0 && len(b.looked) == 0 }

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
		suspected: map[oncall.Ref]bool{}, last: map[oncall.Ref]skewed{}, recent: map[string][]oncall.Deploy{},
		labels: map[oncall.Ref]map[string]string{},
		wake:   make(chan struct{}, 1),
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
			u.last[p.Ref] = skewed{p, e.Skew}
			if state, known := u.seen[p.Ref]; !known || state != stateOf(p) {
				u.seen[p.Ref] = stateOf(p)
				u.queue(p, true)
			}
		}
	case oncall.DeploysEvent:
		u.deploys[e.Source], u.recent[e.Source] = e, e.Deploys
	case oncall.DetailEvent:
		u.labels[e.Page] = e.Detail.Labels
		p, known := u.last[e.Page]
		if !known || len(u.recent) == 0 || u.suspected[e.Page] {
			return
		}
		u.suspected[e.Page] = true
		u.looked = append(u.looked, look{p, e.Detail, slices.Concat(slices.Collect(maps.Values(u.recent))...), e.At})
	default:
		return
	}
	select {
	case u.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// labelsOf returns the labels of a page's alerts, nil where nobody looked at it.
func (u *unwritten) labelsOf(ref oncall.Ref) map[string]string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.labels[ref]
}

// known are the deploys of every source, as each last said.
func (u *unwritten) known() []oncall.Deploy {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Concat(slices.Collect(maps.Values(u.recent))...)
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

// take returns what waits: the page that has waited longest, and all else.
func (u *unwritten) take() batch {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := batch{looked: u.looked}
	u.looked = nil
	if b.ok = len(u.pages) > 0; b.ok {
		b.page, u.pages = u.pages[0], u.pages[1:]
	}
	for name, e := range u.deploys {
		b.deploys = append(b.deploys, e)
		delete(u.deploys, name)
	}
	return b
}

// again puts back what could not be written, behind all others.
func (u *unwritten) again(b batch) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if b.ok {
		u.queue(b.page, false)
	}
	for _, e := range b.deploys {
		if _, newer := u.deploys[e.Source]; !newer {
			u.deploys[e.Source] = e
		}
	}
	u.looked = append(b.looked, u.looked...)
}

// fill writes what sources say into the ledger, until ctx ends. Nothing waits
// for it, and what fails is told once and tried again.
func (c *core) fill(ctx context.Context) {
	names, err := c.names(ctx)
	if err != nil {
		c.ledgerFailed("record what sources say", err)
		return
	}
	r := records{services: c.services, ownership: c.ownership, names: names, shared: c.cfg.Ledger.URL != ""}
	var wished ledger.Cursor
	told := false
	written := map[string]bool{}
	for {
		b := c.unwritten.take()
		if b.empty() {
			select {
			case <-c.unwritten.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		err := c.writeHeeding(ctx, &r, &wished, &b, written)
		fault, pager := errors.AsType[*oncall.Fault](err)
		pause := fillPause
		if err != nil {
			// What the pager will never answer is not asked again before it changes.
			b.ok = b.ok && (!pager || fault.Passing())
			if !b.empty() {
				pause = fillAgain
			}
			c.unwritten.again(b)
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

// writeHeeding is write, after what people wished meanwhile: who had themselves
// forgotten has another name.
func (c *core) writeHeeding(ctx context.Context, r *records, wished *ledger.Cursor, b *batch, written map[string]bool) error {
	next, err := heed(ctx, c.journal, &r.names.wishes, *wished)
	if err != nil {
		return err
	}
	*wished = next
	return c.write(ctx, *r, b, written)
}

// write writes a batch and takes out of it what needs no other try; a history that
// the pager does not tell holds up nothing else. Records in written are in the
// ledger already.
func (c *core) write(ctx context.Context, r records, b *batch, written map[string]bool) error {
	out, untold := c.chronicle(ctx, r, b.page)
	for _, e := range b.deploys {
		some, err := r.deploys(e)
		if err != nil {
			return err
		}
		out = append(out, some...)
	}
	for _, l := range b.looked {
		some, err := r.suspect(l)
		if err != nil {
			return err
		}
		out = append(out, some...)
	}
	if r.shared {
		out = r.names.agreed(out)
	}
	out = slices.DeleteFunc(out, func(r ledger.Record) bool { return written[r.ID] })
	if len(out) > 0 {
		ctx, cancel := context.WithTimeout(ctx, keepTimeout)
		defer cancel()
		if _, err := c.journal.AppendMissing(ctx, out); err != nil {
			return err
		}
	}
	for _, r := range out {
		written[r.ID] = true
	}
	b.deploys, b.looked = nil, nil
	return untold
}

// chronicle makes the records of a page's history; of no page there are none.
func (c *core) chronicle(ctx context.Context, r records, p oncall.Page) ([]ledger.Record, error) {
	source, ok := c.byName[p.Ref.Source].(sources.Chronicler)
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fillTimeout)
	defer cancel()
	moments, err := source.Chronicle(ctx, p)
	if err != nil {
		return nil, err
	}
	c.whenOver(p, moments)
	return r.page(p, c.unwritten.labelsOf(p.Ref), moments)
}
