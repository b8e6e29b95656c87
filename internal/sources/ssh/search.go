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
	var err error
	for _, file := range s.files {
		if err = h.read(ctx, file.path); err != nil {
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
		f.Why = fmt.Sprintf("only the last %d MiB of %s were read", searchBytes>>20, h.short)
	default:
		f.Complete, f.Matched = true, int64(f.Lines)
	}
	if len(h.lines) > 0 {
		found(oncall.LogPart{Lines: h.lines, Done: 1, Scanned: h.bytes})
	}
	return f, err
}

// Estimate says how much a search reads at most, whatever it is for.
func (s *Source) Estimate(context.Context, oncall.LogQuery) (oncall.LogCost, error) {
	n := len(s.files)
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
	// over is true once there were more lines than wanted, and short names a file of
	// whose window not all was read.
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
		h.short = h.source.where(path) // nothing tells how far back it goes
	}
	h.keep()
	return err
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
			p.short = p.source.where(p.path)
		}
		p.first, p.at = true, l.At
	}
	if strings.Contains(raw, p.text) && p.window.Contains(l.At) {
		l.Source, l.Origin, l.Cut = p.source.o.Name, p.path, cut
		p.lines = append(p.lines, l)
	}
}
