package board

import (
	"maps"
	"slices"
	"time"

	"conway/internal/oncall"
)

// applyLines folds in lines that came, and puts them among those that are held
// unless gathered takes them for later.
func (b *base) applyLines(e oncall.LinesEvent, gathered *gathered) []Change {
	i, s := b.source(e.Source, KindLogs)
	quiet := len(e.Lines) == 0 && (s.ages[logsDomain].Received.IsZero() || s.ages[logsDomain].Empty)
	s.heardFrom(logsDomain, e.Stamp, 0, quiet)
	if e.Err != nil && len(e.Lines) > 0 {
		// What came before the failure came.
		s.ages[logsDomain].Received, s.ages[logsDomain].Empty = e.At, false
	}
	changes := b.putSource(i, s)
	if e.Scope != "" && b.tailScope != nil && *b.tailScope != e.Scope {
		// A late answer for another page: it is counted, and never shown as this one's.
		b.tail.elsewhere += uint64(len(e.Lines))
		return changes
	}
	if d := e.Dropped; d.Count > 0 {
		changes = append(changes, LinesDropped{Source: e.Source, N: d.Count, Exact: d.Exact})
	}
	if joined := b.joins(e); !gathered.add(e, joined) {
		gathered.put(b)
		b.tail = b.tail.lose(e.Source, e.Dropped)
		b.tail = b.tail.put(inTime(e.Lines), e.Texts, e.At, joined)
	}
	return changes
}

// gathered are the lines of several sources that came together. They are put in
// order among each other first, because those that are held then need to make
// room once and not for each source.
type gathered struct {
	lists []list
	// ready is what was prepared of the lines.
	ready *Together
	// at is when the last of them came.
	at time.Time
}

// add takes an event's lines, unless they have to be put in by themselves:
// because something is missing before them, or because they are from before
// their source was first heard. It reports whether it took them.
func (g *gathered) add(e oncall.LinesEvent, joined time.Time) bool {
	lines := inTime(e.Lines)
	missing := e.Dropped.Count > 0 || e.Dropped.Reason != ""
	if g == nil || missing || len(lines) > 0 && lines[0].At.Before(joined) {
		return false
	}
	if len(lines) > 0 {
		g.lists = append(g.lists, list{lines, e.Texts, e.At})
	}
	if e.At.After(g.at) {
		g.at = e.At
	}
	return true
}

// put puts the gathered lines among those that are held.
func (g *gathered) put(b *base) {
	if g == nil || len(g.lists) == 0 {
		return
	}
	if g.ready.of(g.lists) {
		if t, ok := b.tail.putBlocks(g.ready.blocks, g.at); ok {
			b.tail, *g = t, gathered{ready: g.ready}
			return
		}
	}
	if len(g.lists) == 1 {
		b.tail = b.tail.put(g.lists[0].lines, g.lists[0].texts, g.at, time.Time{})
	} else {
		n := 0
		for _, l := range g.lists {
			n += len(l.lines)
		}
		lines := inOrder(b.tail.room.list(n), g.lists)
		b.tail = b.tail.put(lines, nil, g.at, time.Time{})
		b.tail.room.back(lines)
	}
	*g = gathered{ready: g.ready}
}

// stream is what is known of one source's lines.
type stream struct {
	// scope is what the held lines were asked for, empty for a source that follows
	// nothing.
	scope string
	// joined is when the first of them came.
	joined time.Time
}

// joins returns when the source was first heard under the event's scope.
func (b *base) joins(e oncall.LinesEvent) time.Time {
	s, ok := b.streams[e.Source]
	if !ok || s.scope != e.Scope {
		s = stream{e.Scope, e.At}
		b.streams = maps.Clone(b.streams)
		if b.streams == nil {
			b.streams = map[string]stream{}
		}
		b.streams[e.Source] = s
	}
	return s.joined
}

// FollowLogs returns a board that takes log lines of this scope only, besides
// those of sources that follow nothing. Lines of another scope are let go.
func (b Board) FollowLogs(scope string) Board {
	if b.tailScope != nil && *b.tailScope == scope {
		return b
	}
	b.tailScope = &scope
	b.tail = b.tail.without(func(source string) bool {
		s := b.streams[source].scope
		return s != "" && s != scope
	})
	return b
}

// inTime returns the lines ordered by time. The caller's slice stays as it is.
func inTime(lines []oncall.LogLine) []oncall.LogLine {
	byTime := func(a, b oncall.LogLine) int { return a.At.Compare(b.At) }
	if slices.IsSortedFunc(lines, byTime) {
		return lines
	}
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, byTime)
	return lines
}

// Logs returns the log lines of all sources, ordered by time but for those that
// came late.
func (b Board) Logs() Tail { return b.tail }

// LogsReading is the worst of the log sources; its value is the number of lines
// kept.
func (b Board) LogsReading() oncall.Reading[int] {
	w, _ := b.worst(logsDomain)
	return reading(w, b.tail.Len())
}
