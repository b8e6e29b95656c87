package overlay

import (
	"slices"
	"sort"
	"strings"
	"unicode"
)

// The tiers of a match: a better kind always comes before a worse one.
const (
	tierExact    = 6000 // the whole name
	tierPrefix   = 5000 // the name begins so
	tierWords    = 4000 // its words begin so, in this order
	tierInside   = 3000 // it occurs in the name
	tierLetters  = 2000 // its letters occur in the name, in this order
	tierSentence = 1000 // it occurs in what is said about it

	// maxRecent is what the choice made last adds; it decides within a tier only.
	maxRecent = 400
	// cannot is what is taken from what cannot be done now, within a tier only.
	cannot = 450
	// comesFirst outweighs both.
	comesFirst = 480
)

// found returns the items that match, best first. Without a query the ones chosen
// last come first.
func (p *Palette) found() []Item {
	type hit struct {
		Item
		score int
	}
	query := strings.Join(strings.Fields(strings.ToLower(p.field.Value())), " ")
	var hits []hit
	for _, it := range p.items {
		s, ok := match(query, strings.ToLower(it.Name), strings.ToLower(it.Words))
		if !ok {
			continue
		}
		if i := slices.Index(p.recent, it.Key); i >= 0 {
			s += max(1, maxRecent-10*i)
		}
		if !it.Reason.Empty() && query != "" {
			s -= cannot
		}
		if it.First && query != "" {
			s += comesFirst
		}
		hits = append(hits, hit{it, s})
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].score > hits[j].score })
	out := make([]Item, len(hits))
	for i, h := range hits {
		out[i] = h.Item
	}
	return out
}

// match tells how well a query fits a name, or the sentence about it.
func match(query, name, words string) (int, bool) {
	if query == "" {
		return 0, true
	}
	near := max(0, 40-len(name)) // a shorter name is nearer to what was typed
	switch {
	case name == query, kindless(name) == query:
		return tierExact, true
	case strings.HasPrefix(name, query), strings.HasPrefix(kindless(name), query):
		return tierPrefix + near, true
	case wordStarts(query, name):
		return tierWords + near, true
	case strings.Contains(name, query):
		return tierInside + near, true
	}
	if s, ok := letters(query, name); ok {
		return tierLetters + s, true
	}
	if wordStarts(query, words) || strings.Contains(words, query) {
		return tierSentence + near, true
	}
	return 0, false
}

// kindless is a name without the word that says what it is of, such as theme.
func kindless(name string) string {
	if _, rest, ok := strings.Cut(name, " "); ok {
		return rest
	}
	return name
}

// wordStarts reports whether the words of a query are the beginnings of words of
// s, in the same order.
func wordStarts(query, s string) bool {
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	i := 0
	for q := range strings.FieldsSeq(query) {
		for i < len(words) && !strings.HasPrefix(words[i], q) {
			i++
		}
		if i == len(words) {
			return false
		}
		i++
	}
	return true
}

// letters reports whether the letters of a query occur in a name in this order,
// and how well: starts of words and runs of letters count for more. The first has
// to start a word, or every long name would match something.
func letters(query, name string) (int, bool) {
	q := []rune(strings.ReplaceAll(query, " ", ""))
	score, i, run := 0, 0, 0
	prev := ' '
	for _, r := range name {
		start := !unicode.IsLetter(prev) && !unicode.IsDigit(prev)
		if i < len(q) && r == q[i] && (i > 0 || start) {
			i++
			run++
			score += run
			if start {
				score += 5
			}
		} else {
			run = 0
		}
		prev = r
	}
	return min(score*4, 500), i == len(q)
}
