package config

import (
	"slices"
	"strings"
)

// shortWord is the length below which two words are too easily alike for a
// guess with more than one difference.
const shortWord = 6

// longWord bounds what is compared: no key of the file is as long.
const longWord = 64

// suggest returns the known word nearest to what was written, if it is near
// enough that a slip of the hand explains the difference.
func suggest(word string, known []string) (string, bool) {
	if len(word) > longWord {
		return "", false
	}
	bare := bareWord(word)
	limit := 2
	if len(bare) < shortWord {
		limit = 1
	}
	best, found := "", false
	for _, k := range known {
		if d := distance(bare, bareWord(k)); d <= limit {
			best, found, limit = k, true, d-1
		}
	}
	return best, found
}

// bareWord drops what people vary: case and the separators of words.
func bareWord(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(strings.ToLower(s))
}

// distance counts the insertions, deletions, changes and swaps of neighbours
// between two words (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next := make([]int, len(y)+1)
		next[0] = i
		for j := 1; j <= len(y); j++ {
			change := row[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			next[j] = min(change, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}

// didYouMean returns the fix for a wrong word: the word that was meant, or all
// there are.
func didYouMean(word string, known []string, what string) string {
	if s, ok := suggest(word, known); ok {
		return `did you mean "` + s + `"?`
	}
	if len(known) == 0 {
		return "there are no " + what + " yet"
	}
	return what + ": " + sentence(known)
}

// sentence lists words in alphabetical order, "a, b and c".
func sentence(words []string) string {
	words = slices.Sorted(slices.Values(words))
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
