package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/sources"
)

// ackless are the pagers that have no acknowledgements of their own, by name.
func (c *core) ackless() map[string]sources.Ackless {
	out := map[string]sources.Ackless{}
	for name, s := range c.byName {
		if a, ok := s.(sources.Ackless); ok {
			out[name] = a
		}
	}
	return out
}

// ackReader reads from the ledger what pagers without acknowledgements cannot say.
type ackReader struct {
	pagers map[string]sources.Ackless
	// at is how far the ledger has been read.
	at ledger.Cursor
	// asked are the acknowledgements that were asked for and are not confirmed.
	asked map[string]ledger.Record
	// over are the pages of whose end the ledger knows.
	over map[string]bool
}

// tellAcks tells pagers without acknowledgements of those that the ledger has, this
// cockpit's before its start and other cockpits' at any time, until ctx ends.
func (c *core) tellAcks(ctx context.Context) {
	r := ackReader{pagers: c.ackless(), asked: map[string]ledger.Record{}, over: map[string]bool{}}
	if len(r.pagers) == 0 {
		return
	}
	// What was open is asked for before this start's own word takes its place.
	was := c.recall(ctx)
	for told := false; ; {
		if c.journal.Writable() == nil {
			// While the ledger is broken it is mend that says so.
			err := r.read(ctx, c.journal)
			if err == nil && !told {
				told = true
				r.tellOpen(was)
			}
		}
		if !sleep(ctx, sources.Beat(time.Now(), othersEvery)) {
			return
		}
	}
}

// knowAcks tells pagers without acknowledgements of those that the ledger has, for a
// command that looks once. A ledger that has not begun has none; what else keeps it
// from being read is said.
func (a *app) knowAcks(ctx context.Context, c *core) {
	r := ackReader{pagers: c.ackless(), asked: map[string]ledger.Record{}, over: map[string]bool{}}
	if len(r.pagers) == 0 {
		return
	}
	err := a.withLedger(ctx, c.cfg, true, func(j *ledger.Journal) error {
		some, _, err := j.Kinds(ctx, 0, ledger.KindAction, ledger.KindActionState)
		for _, rec := range some {
			r.hear(rec)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(a.stderr, printable("which alerts are acknowledged here is not known: "+err.Error()))
	}
}

// read takes in what the ledger has got since the last time.
func (r *ackReader) read(ctx context.Context, j *ledger.Journal) error {
	if r.at == 0 {
		// What is wrong with it is found below, and what was heard by then may be heard
		// again.
		r.at, _ = j.Each(ctx, 0, func(rec ledger.Record) error {
			r.hear(rec)
			return nil
		}, ledger.KindAction, ledger.KindActionState, report.KindResolve)
	}
	for {
		some, next, err := j.Since(ctx, r.at)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, rec := range some {
			r.hear(rec)
		}
		r.at = next
	}
}

// hear takes one record. What cannot be read is another version's, and not of these.
func (r *ackReader) hear(rec ledger.Record) {
	switch rec.Kind {
	case ledger.KindAction:
		var a oncall.Action
		if rec.Decode(&a) == nil && a.Kind == oncall.Acknowledge && r.pagers[a.Target.Source] != nil {
			r.asked[a.ID] = rec
		}
	case ledger.KindActionState:
		var s ledger.ActionChange
		if rec.Decode(&s) != nil || !s.State.Done() {
			return
		}
		asked, ok := r.asked[s.ID]
		delete(r.asked, s.ID)
		var a oncall.Action
		if ok && s.State == oncall.Confirmed && asked.Decode(&a) == nil {
			who := oncall.Person{Name: cmp.Or(asked.Actor, "another cockpit"), Email: asked.Actor}
			// By when it was asked for, which is the same for whoever reads it.
			r.pagers[a.Target.Source].Acknowledged(a.Target.ID, oncall.Acknowledgement{By: who, At: asked.At})
		}
	case report.KindResolve:
		var b report.MomentBody
		if r.pagers[rec.Src] != nil && rec.Decode(&b) == nil {
			r.over[b.Incident] = true
		}
	}
}

// tellOpen tells each pager which of its pages were open when they were last seen
// and have not been recorded as ended since.
func (r *ackReader) tellOpen(was []oncall.Event) {
	for _, e := range was {
		pages, ok := e.(oncall.PagesEvent)
		if !ok || r.pagers[pages.Source] == nil {
			continue
		}
		var open []oncall.Page
		for _, p := range pages.Pages {
			if p.Open() && !r.over[p.Ref.String()] {
				open = append(open, p)
			}
		}
		r.pagers[pages.Source].WereOpen(open, pages.At)
	}
}
