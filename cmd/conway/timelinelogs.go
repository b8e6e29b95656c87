package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/patterns"
	"conway/internal/sources"
	"conway/internal/story"
)

const (
	// patternLead is how much of the log from before is read to know what was there.
	patternLead = 30 * time.Minute
	// patternLines bounds what one log store is asked for.
	patternLines = 20_000
)

// withLogs reads the logs around a page once, and adds the patterns of lines that
// began then to its story. It keeps nothing of them.
func (a *app) withLogs(ctx context.Context, t *teller, wait time.Duration, learn func(string)) error {
	onset := t.page.CreatedAt
	if onset.IsZero() {
		return errors.New("it is not known when the page began")
	}
	c, err := newCore(t.cfg, a.now, board.KindLogs)
	if err != nil {
		return err
	}
	if c.learn = learn; len(c.sources) == 0 {
		return errors.New("no source of logs is configured; name one under logs: in the config")
	}
	// What began with a deploy began before the page.
	from := onset
	service, _, _ := t.services.Resolve(t.page, t.detail)
	for _, m := range t.line.Moments {
		if m.Kind == story.Deployed && m.At.Before(from) && onset.Sub(m.At) < patternLead {
			from = m.At
		}
	}
	w := oncall.Window{Start: from.Add(-patternLead), End: onset.Add(board.PatternsWithin)}
	if now := a.now(); now.Before(w.End) {
		w.End = now
	}
	lines, missing := c.linesOf(ctx, a, wait, follow.LogQueries(templatesOf(c.cfg), service, t.page, t.detail, w), w)
	t.line.Missing = append(t.line.Missing, missing...)
	t.partly = t.partly || len(missing) > 0
	tree := patterns.New(0)
	slices.SortStableFunc(lines, func(x, y oncall.LogLine) int { return x.At.Compare(y.At) })
	mine := func(l oncall.LogLine) bool { return follow.Writes(service.Name, l.Origin) }
	named := slices.ContainsFunc(lines, mine)
	for _, l := range lines {
		if !named || mine(l) {
			tree.Add(l.Message, l.At)
		}
	}
	if tree.Oldest().IsZero() || !tree.Oldest().Before(from) {
		t.line.Missing = append(t.line.Missing, fmt.Sprintf("what of the log is new: of %d lines none is from before", len(lines)))
		return nil
	}
	for _, g := range tree.Began(from, w.End, board.MaxPatterns) {
		count := fmt.Sprintf("%d lines", g.Count)
		if g.Count == 1 {
			count = "1 line"
		}
		t.add(story.Moment{At: g.First, Kind: story.Patterned, Text: g.Pattern(), State: count})
	}
	return nil
}

// linesOf reads the lines of a window, from log stores by a search and from all
// other logs by what they show at first, and says what is missing.
func (c *core) linesOf(ctx context.Context, a *app, wait time.Duration, queries map[string]oncall.LogQuery, w oncall.Window) (lines []oncall.LogLine, missing []string) {
	take := func(all []oncall.LogLine) {
		for _, l := range all {
			if !l.At.Before(w.Start) && l.At.Before(w.End) {
				lines = append(lines, l)
			}
		}
	}
	c.sources = slices.DeleteFunc(c.sources, func(k kinded) bool {
		s, ok := k.Source.(sources.Searcher)
		if !ok {
			return false
		}
		q, pointed := queries[k.Name()]
		if !pointed {
			q.Window = w // it follows no page, and all of its lines are looked at
		}
		if err := searchWindow(ctx, s, wait, q, take); err != nil {
			missing = append(missing, fmt.Sprintf("the log of %s could not be read: %v", k.Name(), err))
		}
		return true
	})
	if len(c.sources) == 0 {
		return lines, missing
	}
	for _, k := range c.sources {
		if s, ok := k.Source.(sources.Tailer); ok {
			s.Follow(queries[k.Name()])
		}
	}
	b := a.gather(ctx, c, wait)
	tail := b.Logs()
	for _, l := range tail.From(0) {
		take([]oncall.LogLine{l})
	}
	for _, s := range b.Sources() {
		if s.Reading.Fault != nil {
			missing = append(missing, fmt.Sprintf("the log of %s could not be read: %v", s.Name, s.Reading.Fault))
		}
	}
	return lines, missing
}

// searchWindow searches one store, unless that would be much work for it.
func searchWindow(ctx context.Context, s sources.Searcher, wait time.Duration, q oncall.LogQuery, take func([]oncall.LogLine)) error {
	if q.Unfilled != "" {
		return errors.New(q.Unfilled)
	}
	if _, wide := cost(ctx, s, q); wide {
		return errors.New("it would have much to look at; conway logs --query says how much, and asks")
	}
	q.Limit = patternLines
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err := s.Search(ctx, q, func(p oncall.LogPart) { take(p.Lines) })
	return err
}
