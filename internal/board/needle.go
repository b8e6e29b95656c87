package board

import (
	"math"
	"math/bits"
	"strings"
)

// needle is a text that is looked for. Unless it is exact, ASCII letters match in
// either case. It is found by the one of its bytes that is rarest, because
// nothing finds a single byte's next place as fast as the standard library; or,
// where even that one is not rare, by its two rarest together.
type needle struct {
	text  string
	exact bool
	// at is the place of the rarest byte, and low and high are that byte in both
	// cases.
	at        int
	low, high byte
	// other is the place of the second rarest byte, and dense is true when the
	// rarest is too frequent to be looked for alone.
	other int
	dense bool
}

// rareEvery is how many bytes must lie between two places of a byte, on average,
// for looking for it alone to be worth while.
const rareEvery = 128

func newNeedle(s string, exact bool) *needle {
	n := &needle{text: s, exact: exact}
	if !exact {
		n.text = strings.Map(lower, s)
	}
	return n.tuned(`the "quick" brown fox: 0123456789, {jumps} over=the /lazy/ dog-2026 info error ts msg level`)
}

// lower returns an ASCII letter in lower case, and anything else as it is.
func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r - 'A' + 'a'
	}
	return r
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
	t := *n
	best, second := math.MaxInt, math.MaxInt
	for i := range len(t.text) {
		low, high := t.cases(i)
		count := often[low]
		if high != low {
			count += often[high]
		}
		switch {
		case count < best:
			t.other, second = t.at, best
			t.at, t.low, t.high, best = i, low, high, count
		case count < second && low != t.low:
			t.other, second = i, count
		}
	}
	t.dense = second < math.MaxInt && best > len(sample)/rareEvery
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
	if n.dense {
		return n.indexPair(s, from)
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
		if n.equal(s[i-n.at : i-n.at+len(n.text)]) {
			return i - n.at
		}
		pos = i + 1
	}
}

// indexPair finds the needle by its two rarest bytes, sixteen places at a time.
func (n *needle) indexPair(s string, from int) int {
	last := len(s) - len(n.text)
	if last < from {
		return -1
	}
	first, firstCase := n.lanes(n.at)
	second, secondCase := n.lanes(n.other)
	a, b := s[n.at:], s[n.other:]
	i := from
	for end := min(len(a), len(b)) - 2*lanes; i <= end; i += 2 * lanes {
		// A lane is zero where both bytes are the needle's.
		v := (load(a, i) | firstCase) ^ first | (load(b, i) | secondCase) ^ second
		w := (load(a, i+lanes) | firstCase) ^ first | (load(b, i+lanes) | secondCase) ^ second
		if zeros(v)|zeros(w) == 0 {
			continue
		}
		// Above a zero lane others may be taken for zero; each is compared anyway.
		for at, z := range [...]uint64{zeros(v), zeros(w)} {
			for at = i + at*lanes; z != 0; z &= z - 1 {
				if p := at + bits.TrailingZeros64(z)/8; p <= last && n.equal(s[p:p+len(n.text)]) {
					return p
				}
			}
		}
	}
	for ; i <= last; i++ {
		if n.equal(s[i : i+len(n.text)]) {
			return i
		}
	}
	return -1
}

const (
	// lanes is how many bytes a word has, and ones has a 1 in each.
	lanes = 8
	ones  = 0x0101010101010101
)

// zeros returns the highest bit of each lane that is zero.
func zeros(v uint64) uint64 { return (v - ones) &^ v & (ones << 7) }

// lanes returns one byte of the needle in all lanes, and what makes a letter's two
// cases one where they match both.
func (n *needle) lanes(at int) (all, oneCase uint64) {
	low, high := n.cases(at)
	return ones * uint64(low), ones * uint64(low^high)
}

// load returns eight bytes of s, the first one lowest. The compiler makes it one
// instruction.
func load(s string, i int) uint64 {
	b := s[i : i+lanes]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// equal reports whether s, which is as long, is the needle.
func (n *needle) equal(s string) bool {
	return n.exact && s == n.text || !n.exact && equalFold(s, n.text)
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
