package board

import (
	"slices"

	"conway/internal/oncall"
)

func (b *base) applyLines(e oncall.LinesEvent) []Change {
	i, s := b.source(e.Source, KindLogs)
	quiet := len(e.Lines) == 0 && (s.ages[logsDomain].Received.IsZero() || s.ages[logsDomain].Empty)
	s.heardFrom(logsDomain, e.Stamp, 0, quiet)
	if e.Err != nil && len(e.Lines) > 0 {
		// What came before the failure came.
		s.ages[logsDomain].Received, s.ages[logsDomain].Empty = e.At, false
	}
	changes := b.putSource(i, s)
	if d := e.Dropped; d.Count > 0 {
		changes = append(changes, LinesDropped{Source: e.Source, N: d.Count, Exact: d.Exact})
	}
	b.tail = b.tail.lose(e.Source, e.Dropped)
	if len(e.Lines) > 0 {
		b.tail = b.tail.add(inTime(e.Lines))
	}
	return changes
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

// Logs returns the log lines of all sources: batches in the order of arrival,
// lines ordered by time within a batch.
func (b Board) Logs() Tail { return b.tail }

// LogsReading is the worst of the log sources; its value is the number of lines
// kept.
func (b Board) LogsReading() oncall.Reading[int] {
	w, _ := b.worst(logsDomain)
	return reading(w, b.tail.Len())
}
