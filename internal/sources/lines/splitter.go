package lines

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// MaxLine bounds one line in bytes; the rest of a longer one is left out and
	// the line marked as cut.
	MaxLine = 1 << 20
	// HoldBack is how long a last line without a newline may still grow before
	// it is taken as it is.
	HoldBack = time.Second
)

// Splitter cuts a stream of bytes into lines. A line's end is a newline, with or
// without a carriage return before it, which belong to no line. Because only
// newlines are looked for, no character is ever torn apart by the pieces in
// which the bytes arrive.
//
// The zero value is ready. It is not safe for concurrent use.
type Splitter struct {
	// Max bounds a line; 0 means MaxLine.
	Max int
	// Text, if it is not nil, takes the text of which the next lines are parts, with
	// a newline between two.
	Text func(text string)

	// part is the beginning of a line that has no newline yet.
	part []byte
	// over is true while the rest of a line beyond Max is being left out.
	over bool
	// taken is true when the beginning of the present line was already given out
	// by Rest. What follows it, if anything, is a line of its own.
	taken bool
	// grown is when part last grew.
	grown time.Time
	// partial joins what the container runtime tore apart.
	partial partial
}

// Line takes one line, and whether it was cut at the bound.
type Line func(raw string, cut bool)

// Add takes the next bytes, which it does not keep, and gives each whole line
// to line. The lines of one call share few allocations.
func (s *Splitter) Add(p []byte, now time.Time, line Line) {
	if s.over || s.taken {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.hold(p, now)
			return
		}
		s.hold(p[:i], now)
		s.end(line)
		p = p[i+1:]
	}
	i := bytes.LastIndexByte(p, '\n')
	for j := s.full(i, p); j > 0; j = s.full(i, p) {
		s.whole(p[:j], line)
		p, i = p[j+1:], i-j-1
	}
	if i >= 0 {
		s.whole(p[:i], line)
		p = p[i+1:]
	}
	s.hold(p, now)
	if s.partial.text != nil {
		s.grown = now
	}
}

const (
	// pageBytes is the unit in which texts of more than longText get their memory.
	pageBytes = 8 << 10
	longText  = 32 << 10
	// maxText is how long a text gets while its lines allow: of one size, one fits
	// exactly where another was.
	maxText = 128 << 10
)

// full returns the newline of p that ends the longest text which leaves least of its
// last page empty, given the last newline of all, or 0 where it is all of it. What a
// log says in a flood is kept as it is read, and would take a page for every few lines.
func (s *Splitter) full(last int, p []byte) int {
	n := len(s.part) + last
	if n <= longText {
		return 0
	}
	n = min(n/pageBytes*pageBytes, maxText) - len(s.part)
	if n >= last {
		return 0
	}
	return max(0, bytes.LastIndexByte(p[:max(0, n+1)], '\n'))
}

// whole gives out the lines of a text whose last newline is already off, and which
// begins with what is held.
func (s *Splitter) whole(p []byte, line Line) {
	var text strings.Builder
	text.Grow(len(s.part) + len(p))
	text.Write(s.part)
	text.Write(p)
	s.reset()
	s.block(text.String(), line)
}

// block gives out the lines of a text whose last newline is already off.
func (s *Splitter) block(text string, line Line) {
	if s.Text != nil {
		s.Text(text)
	}
	for {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			s.give(text, false, line)
			return
		}
		s.give(text[:i], false, line)
		text = text[i+1:]
	}
}

// hold keeps the beginning of a line, up to the bound.
func (s *Splitter) hold(p []byte, now time.Time) {
	if len(s.part) == 0 && !s.over {
		// A file that was truncated under a writer who keeps its place begins with
		// a hole, which reads as zeros.
		p = bytes.TrimLeft(p, "\x00")
	}
	if len(p) == 0 {
		return
	}
	s.grown = now
	if s.over {
		return
	}
	// One byte more than the bound is kept, so that a carriage return can go.
	room := s.max() + 1 - len(s.part)
	if len(p) > room {
		s.over = true
		p = p[:room]
	}
	s.part = append(s.part, p...)
}

// end gives out the line that is being held, which has just got its newline.
func (s *Splitter) end(line Line) {
	if s.taken && len(bytes.TrimRight(s.part, "\r")) == 0 {
		s.reset()
		return
	}
	text, over := string(s.part), s.over
	s.reset()
	s.give(text, over, line)
}

func (s *Splitter) reset() {
	s.part, s.over, s.taken = s.part[:0], false, false
	if cap(s.part) > MaxLine/4 {
		s.part = nil
	}
}

// give passes on one line without its newline.
func (s *Splitter) give(text string, cut bool, line Line) {
	if text != "" && text[0] == 0 {
		text = strings.TrimLeft(text, "\x00")
	}
	if !cut {
		text = strings.TrimSuffix(text, "\r")
	}
	if limit := s.max(); len(text) > limit {
		for limit > 0 && limit > s.max()-utf8.UTFMax && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text, cut = text[:limit], true
	}
	s.partial.add(text, cut, s.max(), line)
}

// Held reports since when the beginning of a line has been waiting for the rest,
// zero when none is.
func (s *Splitter) Held() time.Time {
	if len(s.part) == 0 && s.partial.text == nil {
		return time.Time{}
	}
	return s.grown
}

// Rest gives out what is being held as a line, because no more seems to come.
// When more does come after all, it makes another line; a newline alone makes
// none.
func (s *Splitter) Rest(line Line) {
	if len(s.part) > 0 {
		text, over := string(s.part), s.over
		s.part = s.part[:0]
		s.taken = true
		s.give(text, over, line)
	}
	s.partial.flush(line)
}

// End gives out what is being held, and begins anew: the stream is over.
func (s *Splitter) End(line Line) {
	s.Rest(line)
	s.reset()
}

func (s *Splitter) max() int {
	if s.Max > 0 {
		return s.Max
	}
	return MaxLine
}
