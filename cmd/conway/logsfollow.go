package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/text"
)

// printer prints the lines that are followed, as they come.
type printer struct {
	ask   logsAsk
	out   *bufio.Writer
	count tally
	// faults is what each source failed with last, empty for one that answers.
	faults map[string]string
}

// errEnough ends what is followed once as many lines were printed as were asked
// for.
var errEnough = errors.New("enough lines")

// followLogs prints the lines of one source, or of all, until it is interrupted
// or has printed as many as were asked for.
func (a *app) followLogs(ctx context.Context, ask logsAsk) error {
	c, name := ask.core, "all logs"
	if ask.source == nil {
		a.waiting(c)
	} else {
		name = ask.source.Name()
		c.sources = []kinded{{board.KindLogs, ask.source}}
		c.point(ask)
	}
	p := &printer{ask: ask, out: bufio.NewWriter(a.stdout), faults: map[string]string{}}
	c.start(ctx)
	err := p.run(ctx, a)
	stopped := c.stop(ctx)
	a.tell(p.count.words(name))
	switch {
	case errors.Is(err, errEnough):
		err = nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if err := errors.Join(err, stopped); err != nil {
		return err
	}
	for _, fault := range p.faults {
		if fault != "" {
			return exitError{code: exitPartly}
		}
	}
	return nil
}

// point asks the followed source for the query. One that follows nothing goes on
// by itself, and has no query.
func (c *core) point(ask logsAsk) {
	t, ok := ask.source.(sources.Tailer)
	if !ok {
		return
	}
	t.Follow(ask.query)
}

// waiting says which logs show nothing, because only a page or a service fills
// what they are asked for.
func (a *app) waiting(c *core) {
	for _, t := range templatesOf(c.cfg) {
		if plain(t.Query) != t.Query {
			a.tell(text.Sprintf("%s is not followed: its query names a service; choose both with --source and --service", t.Source))
		}
	}
}

func (p *printer) run(ctx context.Context, a *app) error {
	for {
		events, err := p.ask.core.box.Next(ctx)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := p.take(e, a); err != nil {
				return errors.Join(err, p.out.Flush())
			}
		}
		if err := p.out.Flush(); err != nil {
			return err
		}
	}
}

// take prints one event's lines, and says what a source fails with once.
func (p *printer) take(e oncall.Event, a *app) error {
	switch e := e.(type) {
	case oncall.LinesEvent:
		p.fault(a, e.Source, e.Err)
		p.count.received += len(e.Lines) + e.Dropped.Count
		p.count.dropped += e.Dropped.Count
		p.count.atLeast = p.count.atLeast || e.Dropped.Count > 0 && !e.Dropped.Exact
		for i, l := range e.Lines {
			if !p.ask.filter.Match(l) {
				p.count.filtered++
				continue
			}
			if err := p.print(l); err != nil {
				p.count.dropped += len(e.Lines) - i
				return err
			}
			p.count.shown++
			if p.count.shown == p.ask.limit {
				p.count.dropped += len(e.Lines) - i - 1
				return errEnough
			}
		}
	case oncall.HealthEvent:
		p.fault(a, e.Source, e.Err)
	}
	return nil
}

// fault says what a source fails with, once for each change.
func (p *printer) fault(a *app, source string, f *oncall.Fault) {
	words := ""
	if f != nil {
		words = f.Error()
	}
	if words != "" && words != p.faults[source] {
		a.tell(text.Decode(words))
	}
	p.faults[source] = words
}

func (p *printer) print(l oncall.LogLine) error {
	if !p.ask.json {
		_, err := fmt.Fprintln(p.out, rowOf(l))
		return err
	}
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = io.WriteString(p.out, escapeFormat(string(data))+"\n")
	return err
}
