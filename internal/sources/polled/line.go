package polled

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"unicode/utf8"

	"conway/internal/sources/lines"
)

// Same names lines for which their store has no name. The zero value is ready for
// one answer.
type Same struct{ count map[string]int }

// ID returns an id for a line of which this is known. Lines that nothing tells
// apart are numbered in the order of the answer.
func (s *Same) ID(known ...string) string {
	h := fnv.New128a()
	for _, k := range known {
		_, _ = fmt.Fprintf(h, "%d %s", len(k), k) // a hash takes everything
	}
	id := string(h.Sum(nil))
	if s.count == nil {
		s.count = map[string]int{}
	}
	s.count[id]++
	return id + strconv.Itoa(s.count[id])
}

// Cap cuts a line at the readers' cap, between two characters, and reports
// whether it did.
func Cap(s string) (string, bool) {
	if len(s) <= lines.MaxLine {
		return s, false
	}
	n := lines.MaxLine
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}
