package logs

import (
	"iter"
	"math"
	"slices"
	"sort"
)

// seqBlock is how many numbers a block has room for.
const seqBlock = 4096

// seqs is an ascending list of lines' numbers, which grows at its end and is dropped
// from its beginning, as the lines that are held are. It is in blocks, so that
// growing never copies what is there: with a million lines held, a frame in which a
// slice of numbers has to move takes ten times as long as the others.
type seqs struct {
	blocks []numbers
	// gone is how many numbers were dropped from the beginning, and all how many were
	// ever added.
	gone, all int
}

// numbers is a block of a list: numbers as distances from the first of them.
type numbers struct {
	base uint64
	offs []uint32
	// before is how many numbers were ever added before those of this block.
	before int
}

func (n *numbers) at(i int) uint64 { return n.base + uint64(n.offs[i]) }

// end is how many numbers were ever added up to the last one of this block.
func (n *numbers) end() int { return n.before + len(n.offs) }

func (s *seqs) len() int { return s.all - s.gone }

// at returns number i.
func (s *seqs) at(i int) uint64 {
	i += s.gone
	b := s.block(i)
	return b.at(i - b.before)
}

// block returns the block of the i-th number that was ever added.
func (s *seqs) block(i int) *numbers {
	return &s.blocks[sort.Search(len(s.blocks), func(b int) bool { return s.blocks[b].end() > i })]
}

// add adds a number, which is larger than all before it.
func (s *seqs) add(seq uint64) {
	if n := len(s.blocks); n > 0 {
		b := &s.blocks[n-1]
		if len(b.offs) < cap(b.offs) && seq-b.base <= math.MaxUint32 {
			b.offs = append(b.offs, uint32(seq-b.base))
			s.all++
			return
		}
	}
	s.blocks = append(s.blocks, numbers{base: seq, offs: append(make([]uint32, 0, seqBlock), 0), before: s.all})
	s.all++
}

// addAll adds numbers in their order, each larger than the one before.
func (s *seqs) addAll(more iter.Seq[uint64]) {
	for seq := range more {
		s.add(seq)
	}
}

// search returns the place of the first number that is not below one, and whether
// that is it.
func (s *seqs) search(seq uint64) (i int, found bool) {
	b := sort.Search(len(s.blocks), func(b int) bool {
		n := &s.blocks[b]
		return n.at(len(n.offs)-1) >= seq
	})
	if b == len(s.blocks) {
		return s.len(), false
	}
	n := &s.blocks[b]
	low := max(0, s.gone-n.before)
	j := low + sort.Search(len(n.offs)-low, func(j int) bool { return n.at(low+j) >= seq })
	return n.before + j - s.gone, n.at(j) == seq
}

// has reports whether a number is in the list.
func (s *seqs) has(seq uint64) bool {
	_, found := s.search(seq)
	return found
}

// forget drops the numbers below one.
func (s *seqs) forget(seq uint64) {
	i, _ := s.search(seq)
	s.gone += i
	for len(s.blocks) > 0 && s.blocks[0].end() <= s.gone {
		s.blocks = s.blocks[1:]
	}
}

// cut drops the numbers from one on.
func (s *seqs) cut(seq uint64) {
	i, _ := s.search(seq)
	s.all = s.gone + i
	if i == 0 {
		s.blocks = nil // the last one may hold some that were forgotten
	}
	for n := len(s.blocks); n > 0 && s.blocks[n-1].before >= s.all; n-- {
		s.blocks = s.blocks[:n-1]
	}
	if n := len(s.blocks); n > 0 {
		b := &s.blocks[n-1]
		b.offs = b.offs[:s.all-b.before]
	}
}

// precede puts numbers, which are smaller than all others, before them.
func (s *seqs) precede(by []uint64) {
	var out seqs
	out.addAll(slices.Values(by))
	for _, b := range s.blocks {
		left := max(0, s.gone-b.before)
		b.offs, b.before = b.offs[left:], out.all
		out.blocks = append(out.blocks, b)
		out.all += len(b.offs)
	}
	*s = out
}

// clone returns a list that stays as it is.
func (s *seqs) clone() seqs {
	c := *s
	c.blocks = slices.Clone(s.blocks)
	for i := range c.blocks {
		c.blocks[i].offs = slices.Clone(c.blocks[i].offs)
	}
	return c
}
