package board

import "strings"

// needle is a text that is looked for. Unless it is exact, ASCII letters match in
// either case. It is found by the one of its bytes that is rarest, because
// nothing finds a single byte's next place as fast as the standard library.
type needle struct {
	text  string
	exact bool
	// at is the place of the rarest byte, and low and high are that byte in both
	// cases.
	at        int
	low, high byte
}

func newNeedle(s string, exact bool) *needle {
	n := &needle{text: s, exact: exact}
	if !exact {
		n.text = strings.ToLower(s)
	}
	return n.tuned(`the "quick" brown fox: 0123456789, {jumps} over=the /lazy/ dog-2026 info error ts msg level`)
}

// tuned returns the needle as it is best looked for in a text like the sample.
func (n *needle) tuned(sample string) *needle {
	if n.text == "" {
		return n
	}
	var often [256]int
	for i := range len(sample) {
		often[sample[i]]++
	}
	t, best := *n, -1
	for i := range len(t.text) {
		low, high := t.cases(i)
		count := often[low]
		if high != low {
			count += often[high] + 1 // two searches cost more than one
		}
		if best < 0 || count < best {
			t.at, t.low, t.high, best = i, low, high, count
		}
	}
	return &t
}

// cases returns a byte of the needle in the cases that match.
func (n *needle) cases(i int) (low, high byte) {
	low = n.text[i]
	if !n.exact && 'a' <= low && low <= 'z' {
		return low, low - 'a' + 'A'
	}
	return low, low
}

// better reports whether n passes over more than o does.
func (n *needle) better(o *needle) bool {
	if n.exact != o.exact {
		return n.exact && len(n.text) > 1
	}
	return len(n.text) > len(o.text)
}

// index returns where the needle next is in s from a place on, negative when it
// is not.
func (n *needle) index(s string, from int) int {
	f := n.finder()
	return f.index(s, from)
}

// finder finds a needle again and again in one text, each time further on.
type finder struct {
	*needle

	// low and high are the next places of the rarest byte.
	low, high int
}

// unknown is a place that has not been looked for.
const unknown = -2

func (n *needle) finder() finder { return finder{needle: n, low: unknown, high: unknown} }

func (f *finder) index(s string, from int) int {
	n := f.needle
	if n.text == "" {
		return from
	}
	last := len(s) - len(n.text)
	pos := from + n.at
	if n.low == n.high {
		f.high = -1
	}
	for {
		f.low, f.high = seek(s, n.low, pos, f.low), seek(s, n.high, pos, f.high)
		i := f.low
		if i < 0 || f.high >= 0 && f.high < i {
			i = f.high
		}
		if i < 0 || i-n.at > last {
			return -1
		}
		if here := s[i-n.at : i-n.at+len(n.text)]; n.exact && here == n.text || !n.exact && equalFold(here, n.text) {
			return i - n.at
		}
		pos = i + 1
	}
}

// seek returns the next place of c at or after pos, given the one known before.
func seek(s string, c byte, pos, known int) int {
	if known == -1 || known >= pos {
		return known
	}
	if pos >= len(s) {
		return -1
	}
	i := strings.IndexByte(s[pos:], c)
	if i < 0 {
		return -1
	}
	return pos + i
}

// equalFold compares with a text that is lower case already.
func equalFold(s, lower string) bool {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
