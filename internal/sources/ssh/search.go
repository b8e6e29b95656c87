package ssh

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/lines"
	"conway/internal/sources/tailing"
)

const (
	// searchBytes is how much of each file's end a search reads: some seconds over a
	// slow link.
	searchBytes = 8 << 20
	// searchLimit is how many lines a search finds whose query does not say.
	searchLimit = 10_000
	// searchBack is how far a search goes back whose query does not say.
	searchBack = time.Hour
)

// Search reads the end of each file and finds the lines that hold the query's
// text. Cancelling ends ssh, upon which the other host ends the reading.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	f := oncall.LogFound{Matched: -1}
	if q.Unfilled != "" {
		return f, tailing.Askable(s.o.Name, opSearch, q, "")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = searchLimit
	}
	h := &hunt{source: s, text: q.Query, limit: limit}
	h.window.Start, h.window.End = tailing.Window(q.Window, searchBack, 0)
	paths, err := h.paths(ctx)
	for _, path := range paths {
		if err = h.read(ctx, path); err != nil {
			break
		}
	}
	f.Lines, f.Scanned = len(h.lines), h.bytes
	switch {
	case err != nil:
		f.Why = "the search was broken off"
	case h.over:
		f.Why = fmt.Sprintf("the limit of %d lines was reached", limit)
	case h.short != "":
		f.Why = h.short
	default:
		f.Complete, f.Matched = true, int64(f.Lines)
	}
	if len(h.lines) > 0 {
		found(oncall.LogPart{Lines: h.lines, Done: 1, Scanned: h.bytes})
	}
	return f, err
}

// paths returns the files to read, up to those of a pattern that cannot be looked
// up.
func (h *hunt) paths(ctx context.Context) (out []string, err error) {
	s := h.source
	for _, f := range s.files {
		out = append(out, f.path)
	}
	for _, g := range s.globs {
		found, more, err := s.list(ctx, opSearch, g.pattern)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			return nil, s.noMatch(opSearch, g.pattern)
		case more:
			h.short = fmt.Sprintf("more than %d files match %s, and only those that were written to last were read", mostFiles, s.where(g.pattern))
		}
		for _, f := range found {
			out = append(out, f.path)
		}
	}
	return out, nil
}

// Estimate says how much a search reads at most, whatever it is for.
func (s *Source) Estimate(context.Context, oncall.LogQuery) (oncall.LogCost, error) {
	n := len(s.files) + mostFiles*len(s.globs)
	return oncall.LogCost{Bytes: int64(n) * searchBytes, Lines: -1, Parts: n, PartName: "files", Bound: true}, nil
}

// hunt is one search.
type hunt struct {
	source *Source
	text   string
	window oncall.Window
	limit  int

	lines []oncall.LogLine
	bytes int64
	// over is true once there were more lines than wanted, and short says which file
	// was not read as far as the window goes.
	over  bool
	short string
}

// read reads the end of one file.
func (h *hunt) read(ctx context.Context, path string) error {
	mark := newMark()
	p := &page{hunt: h, path: path, at: h.window.Start}
	err := h.source.run(ctx, opSearch, path, readScript(mark, path, searchBytes), mark, p.take)
	p.split.End(p.line)
	if p.cut && !p.first {
		h.shortOf(path) // nothing tells how far back it goes
	}
	h.keep()
	return err
}

// shortOf notes a file of whose window not all was read.
func (h *hunt) shortOf(path string) {
	h.short = fmt.Sprintf("only the last %d MiB of %s were read", searchBytes>>20, h.source.where(path))
}

// keep leaves the newest lines.
func (h *hunt) keep() {
	slices.SortStableFunc(h.lines, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
	if over := len(h.lines) - h.limit; over > 0 {
		h.over = true
		h.lines = slices.Delete(h.lines, 0, over)
	}
}

// page is one file under a search.
type page struct {
	*hunt

	path  string
	split lines.Splitter
	// at is the time of the newest line that has one.
	at time.Time
	// begun is true once bytes came, skip while the first line is passed over, of
	// which only the end came, and first once a line with a time came.
	begun, skip, first bool
	// cut is true when the file begins before what was read of it.
	cut bool
}

func (p *page) take(h header, b []byte) error {
	if !p.begun {
		p.begun, p.skip, p.cut = true, h.from > 0, h.from > 0
	}
	p.bytes += int64(len(b))
	if p.skip {
		_, rest, ok := bytes.Cut(b, []byte("\n"))
		if b = rest; ok {
			p.skip = false
		}
	}
	p.split.Add(b, time.Time{}, p.line)
	// A file of many lines that match is not held as a whole.
	if len(p.lines) > 2*p.limit+lines.MaxBatch {
		p.keep()
	}
	return nil
}

func (p *page) line(raw string, cut bool) {
	l := oncall.ParseLine(raw, time.Time{})
	switch {
	case l.At.IsZero():
		l.At = p.at
	default:
		if !p.first && p.cut && l.At.After(p.window.Start) {
			p.shortOf(p.path)
		}
		p.first, p.at = true, l.At
	}
	if strings.Contains(raw, p.text) && p.window.Contains(l.At) {
		l.Source, l.Origin, l.Cut = p.source.o.Name, p.path, cut
		p.lines = append(p.lines, l)
	}
}
