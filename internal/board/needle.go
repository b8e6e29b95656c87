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
	// other is the place of another byte, and dense is true when the rarest is too
	// frequent to be looked for alone. The two are then those that are rarest
	// together.
	other int
	dense bool
}

// rareEvery is how many bytes must lie between two places of a byte, on average,
// for looking for it alone to be worth while.
const rareEvery = 128

func newNeedle(s string, exact bool) *needle {
	n := &needle{text: s, exact: exact}
	if !exact {
		n.text = lower(s)
	}
	return n.tuned(`the "quick" brown fox: 0123456789, {jumps} over=the /lazy/ dog-2026 info error ts msg level`)
}

// lower returns a text with its ASCII letters in lower case, and every other byte as
// it is, also one that is no text in UTF-8: logs have such.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c - 'A' + 'a'
		}
	}
	return string(b)
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
	var rare [pairedOf]counted
	for i := range rare {
		rare[i].count = math.MaxInt
	}
	for i := range len(n.text) {
		low, high := n.cases(i)
		c := counted{i, often[low]}
		if high != low {
			c.count += often[high]
		}
		for j := range rare {
			if c.count < rare[j].count {
				rare[j], c = c, rare[j]
			}
		}
	}
	t := *n
	t.at, t.dense = rare[0].at, false
	t.low, t.high = t.cases(t.at)
	if rare[1].count < math.MaxInt && rare[0].count > len(sample)/rareEvery {
		t.dense = true
		t.pair(rare[:], sample)
	}
	return &t
}

// counted is a place in a needle, and how often its byte is in the sample.
type counted struct{ at, count int }

// pairedOf is how many of a needle's rarest bytes the best two are chosen from.
const pairedOf = 8

// pair chooses the two of the needle's bytes that are least often together in the
// sample, which may be other ones than the rarest: digits are not rare beside
// each other, and a letter is beside a digit.
func (n *needle) pair(of []counted, sample string) {
	best := math.MaxInt
	for i, a := range of {
		for _, b := range of[:i] {
			if a.count == math.MaxInt {
				return
			}
			if c := n.together(a.at, b.at, sample, best); c < best {
				best, n.at, n.other = c, b.at, a.at
			}
		}
	}
	n.low, n.high = n.cases(n.at)
}

// together counts the places in the sample where both bytes of the needle are as
// far from each other as in the needle, as long as they are fewer than enough.
func (n *needle) together(at, other int, sample string, enough int) (count int) {
	first, second, kept := n.lanes(at, other)
	a, b := sample[min(at, len(sample)):], sample[min(other, len(sample)):]
	for i := 0; i <= min(len(a), len(b))-lanes && count < enough; i += lanes {
		count += bits.OnesCount64(zeros(((load(a[i:])^first)|(load(b[i:])^second))&kept) & highest)
	}
	return count
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

// indexPair finds the needle by two of its bytes, thirty-two places at a time.
func (n *needle) indexPair(s string, from int) int {
	last := len(s) - len(n.text)
	if last < from {
		return -1
	}
	first, second, kept := n.lanes(n.at, n.other)
	a, b := s[n.at:], s[n.other:]
	i := from
	for end := min(len(a), len(b)) - stride; i <= end; i += stride {
		// A lane is zero where both bytes are the needle's. Go binds ^ and | alike, hence
		// the parentheses; with a function of its own for each word this takes twice as long.
		x, y := a[i:i+stride], b[i:i+stride]
		z0 := zeros(((load(x) ^ first) | (load(y) ^ second)) & kept)
		z1 := zeros(((load(x[lanes:]) ^ first) | (load(y[lanes:]) ^ second)) & kept)
		z2 := zeros(((load(x[2*lanes:]) ^ first) | (load(y[2*lanes:]) ^ second)) & kept)
		z3 := zeros(((load(x[3*lanes:]) ^ first) | (load(y[3*lanes:]) ^ second)) & kept)
		if (z0|z1|z2|z3)&highest == 0 {
			continue
		}
		// Some that are not zero may be taken for it; each is compared anyway.
		for at, z := range [...]uint64{z0, z1, z2, z3} {
			for at, z = i+at*lanes, z&highest; z != 0; z &= z - 1 {
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
	lanes   = 8
	ones    = 0x0101010101010101
	highest = ones << 7
	// stride is how many places are looked at together.
	stride = 4 * lanes
)

// zeros sets the highest bit of each lane that is zero, and of a lane of 1 above
// one. The other bits say nothing.
func zeros(v uint64) uint64 { return (v - ones) &^ v }

// lanes returns two bytes of the needle, each in all lanes, and the bits in which
// a text has to be the same: without that which parts a letter's two cases where
// one of the bytes is a letter in both.
func (n *needle) lanes(at, other int) (first, second, kept uint64) {
	low, high := n.cases(at)
	otherLow, otherHigh := n.cases(other)
	return ones * uint64(low), ones * uint64(otherLow), ^(ones * uint64((low^high)|(otherLow^otherHigh)))
}

// load returns the first eight bytes of b, the first one lowest. The compiler
// makes it one instruction.
func load(b string) uint64 {
	_ = b[lanes-1]
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
