package feed

import (
	"strings"

	"conway/internal/oncall"
)

const (
	// slowScreen is the reason given for lines that the mailbox dropped.
	slowScreen = "the screen was slower than the log"
	// maxReason bounds the joined reasons of one gap, in bytes.
	maxReason = 200
)

// stream is what is pending of one log or one step: segments in the order they
// came. Lines within a segment have no gap between them; the gap that a segment
// carries lies before its first line.
type stream[H, T any] struct {
	// same reports whether b may take a's place, so that their lines can share a
	// segment.
	same func(a, b H) bool
	segs []*segment[H, T]
	n    int
}

// segment is a run of lines under one head.
type segment[H, T any] struct {
	head    H
	dropped oncall.Dropped
	lines   batch[T]
	seq     uint64
}

// push appends lines under a head. A head that is the same as the last replaces
// it; another one, or a gap amid lines, starts a new segment.
func (s *stream[H, T]) push(seq uint64, head H, lines chunk[T], dropped oncall.Dropped) {
	var last *segment[H, T]
	if len(s.segs) > 0 {
		last = s.segs[len(s.segs)-1]
	}
	if last == nil || !s.same(last.head, head) || (last.lines.n > 0 && !none(dropped)) {
		last = &segment[H, T]{seq: seq}
		s.segs = append(s.segs, last)
	}
	last.head = head
	last.dropped = join(last.dropped, dropped)
	last.lines.push(lines)
	s.n += len(lines.lines)
}

func (s *stream[H, T]) size() int { return s.n }

// drop removes the n oldest lines and counts them where they were. A segment
// left without lines gives its gap to the next one if their heads are the same,
// so that the number of segments stays bounded by lines and heads.
func (s *stream[H, T]) drop(n int) {
	for i := 0; n > 0 && i < len(s.segs); {
		seg := s.segs[i]
		if cut := seg.lines.drop(n); cut > 0 {
			n -= cut
			s.n -= cut
			seg.dropped = join(seg.dropped, oncall.Dropped{Count: cut, Exact: true, Reason: slowScreen})
		}
		if seg.lines.n > 0 {
			return
		}
		if i+1 < len(s.segs) && s.same(seg.head, s.segs[i+1].head) {
			next := s.segs[i+1]
			next.dropped = join(seg.dropped, next.dropped)
			s.segs = append(s.segs[:i], s.segs[i+1:]...)
			continue
		}
		i++
	}
}

// none reports whether nothing was left out. A count of 0 that is a lower bound
// with a reason is a gap of unknown size, not nothing.
func none(d oncall.Dropped) bool { return d.Count == 0 && (d.Exact || d.Reason == "") }

// join adds two gaps that became one.
func join(a, b oncall.Dropped) oncall.Dropped {
	switch {
	case none(a):
		return b
	case none(b):
		return a
	}
	reason := a.Reason
	if b.Reason != "" && !strings.Contains(reason, b.Reason) && len(reason)+len(b.Reason) < maxReason {
		reason = strings.TrimPrefix(reason+"; "+b.Reason, "; ")
	}
	return oncall.Dropped{Count: a.Count + b.Count, Exact: a.Exact && b.Exact, Reason: reason}
}
