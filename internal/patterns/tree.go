package patterns

import (
	"cmp"
	"container/list"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"time"
)

const (
	// defaultLimit is how many groups are kept when nothing else is said: far more
	// than a service has kinds of lines, and less than 2 MB.
	defaultLimit = 2000
	// maxWords and maxWord bound what is kept of a line: its first words, and their
	// first bytes.
	maxWords = 32
	maxWord  = 48
	// maxExample bounds an example, in bytes.
	maxExample = 300
	// leafGroups bounds how many groups a line is compared with.
	leafGroups = 24
	// likeness is the share of words that must agree for a line to be of a group,
	// in tenths.
	likeness = 6
	// forgotten is how many bits remember which groups were let go.
	forgotten = 1 << 16
)

// Group is a pattern and the lines that have it.
type Group struct {
	// ID is the group's own for as long as it is kept, and never another's.
	ID int
	// Count is how many lines it has.
	Count uint64
	// First and Last are the times of the earliest and the latest of them.
	First, Last time.Time
	// Example is its first line, cut.
	Example string
	// Again is true when a group like it had been let go before: it is not new.
	Again bool

	words []word
}

// Pattern returns the words that stay, with <*> for those that change.
func (g Group) Pattern() string {
	var b strings.Builder
	for i, w := range g.words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
		if w.open {
			b.WriteString("<*>")
		}
	}
	if len(g.words) == maxWords {
		b.WriteString(" …")
	}
	return b.String()
}

// word is one word of a line: a text, and whether more follows that changes.
type word struct {
	text string
	open bool
}

// Tree groups lines. It is not safe for concurrent use.
type Tree struct {
	limit  int
	seed   maphash.Seed
	leaves map[uint64][]*list.Element
	// used are the groups, the one that was seen last in front.
	used   *list.List
	lastID int
	gone   [forgotten / 64]uint64
	// scratch holds the words of the line at hand.
	scratch []word
	oldest  time.Time
}

// node is a group and the leaf that it is in.
type node struct {
	Group

	leaf uint64
}

// New returns a tree that keeps up to limit groups, 2000 when it is 0.
func New(limit int) *Tree {
	if limit <= 0 {
		limit = defaultLimit
	}
	return &Tree{limit: limit, seed: maphash.MakeSeed(), leaves: map[uint64][]*list.Element{}, used: list.New()}
}

// Add counts a line with its group and returns the group's ID. It keeps nothing
// of message but what it copies.
func (t *Tree) Add(message string, at time.Time) int {
	if t.oldest.IsZero() || at.Before(t.oldest) {
		t.oldest = at
	}
	t.scratch = split(message, t.scratch[:0])
	key := t.key(t.scratch)
	e := t.find(key)
	if e == nil {
		e = t.grow(key, message)
	}
	t.used.MoveToFront(e)
	n := e.Value.(*node)
	if n.Count == 0 || at.Before(n.First) {
		n.First = at
	}
	if at.After(n.Last) {
		n.Last = at
	}
	n.Count++
	return n.ID
}

// All goes over all groups, the one that was seen last first.
func (t *Tree) All() iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for e := t.used.Front(); e != nil; e = e.Next() {
			if !yield(e.Value.(*node).Group) {
				return
			}
		}
	}
}

// Began returns the groups whose first line came after from and not after until, in
// the order in which they began: of many those with the most lines. Without a line
// from before nobody can tell what began, and there is none.
func (t *Tree) Began(from, until time.Time, most int) []Group {
	if t.oldest.IsZero() || !t.oldest.Before(from) {
		return nil
	}
	var out []Group
	for g := range t.All() {
		if !g.Again && g.First.After(from) && !g.First.After(until) {
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b Group) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID)) })
	out = out[:min(len(out), most)]
	slices.SortStableFunc(out, func(a, b Group) int { return a.First.Compare(b.First) })
	return out
}

// Oldest returns the time of the earliest line that was added, zero for none.
func (t *Tree) Oldest() time.Time { return t.oldest }

// key returns the leaf of a line: how many words it has, and which is the first.
func (t *Tree) key(words []word) uint64 {
	first := ""
	if len(words) > 0 && !words[0].open {
		first = words[0].text
	}
	return maphash.String(t.seed, first) + uint64(len(words))
}

// find returns the group of a leaf that is most like the words at hand, and opens
// in it the words that differ; nil when none is like enough.
func (t *Tree) find(key uint64) *list.Element {
	var best *list.Element
	most := -1
	for _, e := range t.leaves[key] {
		if n := alike(e.Value.(*node).words, t.scratch); n > most {
			best, most = e, n
		}
	}
	if best == nil || 10*most < likeness*len(t.scratch) {
		return nil
	}
	words := best.Value.(*node).words
	for i := range words {
		if !words[i].same(t.scratch[i]) {
			words[i] = word{open: true}
		}
	}
	return best
}

func (w word) same(o word) bool { return w == o || w.open && w.text == "" }

// alike counts the words that agree.
func alike(a, b []word) int {
	if len(a) != len(b) {
		return -1
	}
	n := 0
	for i := range a {
		if a[i].same(b[i]) {
			n++
		}
	}
	return n
}

// grow makes a group of the words at hand.
func (t *Tree) grow(key uint64, message string) *list.Element {
	if old := t.leaves[key]; len(old) >= leafGroups {
		t.forget(t.leastUsed(old))
	} else if t.used.Len() >= t.limit {
		t.forget(t.used.Back())
	}
	t.lastID++
	words := make([]word, len(t.scratch))
	for i, w := range t.scratch {
		words[i] = word{strings.Clone(w.text), w.open}
	}
	n := &node{leaf: key, Group: Group{ID: t.lastID, Example: strings.Clone(message[:min(len(message), maxExample)]), words: words}}
	bit := t.bit(n.Pattern())
	n.Again = t.gone[bit/64]&(1<<(bit%64)) != 0
	e := t.used.PushFront(n)
	t.leaves[key] = append(t.leaves[key], e)
	return e
}

// leastUsed returns the group of a leaf with the fewest lines.
func (t *Tree) leastUsed(leaf []*list.Element) *list.Element {
	least := leaf[0]
	for _, e := range leaf {
		if e.Value.(*node).Count < least.Value.(*node).Count {
			least = e
		}
	}
	return least
}

func (t *Tree) forget(e *list.Element) {
	n := t.used.Remove(e).(*node)
	bit := t.bit(n.Pattern())
	t.gone[bit/64] |= 1 << (bit % 64)
	leaf := t.leaves[n.leaf]
	for i := range leaf {
		if leaf[i] == e {
			leaf = append(leaf[:i], leaf[i+1:]...)
			break
		}
	}
	if len(leaf) == 0 {
		delete(t.leaves, n.leaf)
		return
	}
	t.leaves[n.leaf] = leaf
}

func (t *Tree) bit(pattern string) uint64 { return maphash.String(t.seed, pattern) % forgotten }

// split appends the words of a line. What changes from line to line by its look,
// a number or an id, is left open.
func split(s string, words []word) []word {
	for i := 0; i < len(s) && len(words) < maxWords; {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
			i++
		}
		from := i
		for i < len(s) && s[i] != ' ' && s[i] != '\t' {
			i++
		}
		if i > from {
			words = append(words, reduce(s[from:i]))
		}
	}
	return words
}

// reduce returns a word with what changes in it left open: everything from the
// first digit on, up to which "=", "[", "(", "/", ":" or "#" begins it.
func reduce(s string) word {
	digit, mark := -1, 0
	for i := range len(s) {
		c := s[i]
		if '0' <= c && c <= '9' {
			digit = i
			break
		}
		switch c {
		case '=', '[', '(', '/', ':', '#', '"':
			mark = i + 1
		}
	}
	switch {
	case digit >= 0:
		return word{s[:min(mark, maxWord)], true}
	case len(s) > maxWord:
		return word{s[:maxWord], true}
	case opaque(s[mark:]):
		return word{s[:mark], true}
	}
	return word{text: s}
}

// opaque reports whether letters look like an id: a long run of hexadecimal ones.
func opaque(s string) bool {
	if len(s) < 12 {
		return false
	}
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'f') && s[i] != '-' {
			return false
		}
	}
	return true
}
