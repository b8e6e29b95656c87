package main

import (
	"context"
	"errors"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/slo"
	"conway/internal/sources"
)

const (
	// measureTimeout bounds asking what one page took of all its budgets.
	measureTimeout = 2 * time.Minute
	// maxOver bounds the pages that wait until their budgets can be asked for.
	maxOver = 1000
)

// over is a page that has ended, and what is known of its alerts.
type over struct {
	page     oncall.Page
	from, to time.Time
	labels   map[string]string
}

// whenOver queues a page for measuring once its history has an end. Nothing waits for
// it: what does not fit is left out, and the log says so.
func (c *core) whenOver(p oncall.Page, moments []oncall.Moment) {
	if c.promises.source == "" || len(moments) == 0 {
		return
	}
	for _, m := range moments {
		if m.Kind != oncall.MomentResolved || !m.At.After(moments[0].At) {
			continue
		}
		select {
		case c.over <- over{p, moments[0].At, m.At, c.unwritten.labelsOf(p.Ref)}:
		default:
			c.log.Warn("what a page took of its error budget is not recorded: too many wait", "page", p.Ref.String())
		}
		return
	}
}

// measure records what each page that has ended took of the error budgets of its
// service, until ctx ends. While the metrics source is away the pages wait.
func (c *core) measure(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-c.over:
			err := c.took(ctx, o)
			if err == nil || ctx.Err() != nil {
				continue
			}
			c.log.Warn("what a page took of its error budget could not be recorded", "page", o.page.Ref.String(), "error", err.Error())
			if f, ok := errors.AsType[*oncall.Fault](err); ok && !f.Passing() {
				continue // the same question would be refused again
			}
			select {
			case c.over <- o:
			default:
			}
			if !sleep(ctx, fillAgain) {
				return
			}
		}
	}
}

// took asks for and records what one page took.
func (c *core) took(ctx context.Context, o over) error {
	ask, ok := c.byName[c.promises.source].(sources.Evaluator)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	var out []ledger.Record
	service, _, _ := c.services.Resolve(o.page, &oncall.PageDetail{Labels: o.labels})
	for _, promised := range c.promises.taken(service.Named, o.labels) {
		query, estimated := promised.BudgetShare(o.to.Sub(o.from))
		share, known, err := ask.Evaluate(ctx, query, o.to)
		if err != nil {
			return err
		}
		if !known { // without traffic nothing was promised
			continue
		}
		rec, err := derived(o.to, report.KindSLO, o.page.Ref.Source, report.SLOBody{
			Incident: o.page.Ref.String(), SLO: promised.ID(), Share: max(0, share), Estimated: estimated, From: o.from, To: o.to,
		}, o.page.Ref.ID, promised.ID())
		if err != nil {
			return err
		}
		out = append(out, rec)
	}
	if len(out) == 0 {
		return nil
	}
	_, err := c.journal.AppendMissing(ctx, out)
	return err
}

// taken returns the objectives whose budgets a page took from: the one that its
// alert names, else all of its service.
func (p promises) taken(named func(string) bool, labels map[string]string) []slo.Objective {
	o, ok, known := p.set.Spent(labels)
	switch {
	case ok && known:
		return []slo.Objective{o}
	case ok:
		return nil
	}
	return p.set.Of(named)
}
