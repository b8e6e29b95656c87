package text

import "iter"

// Parts returns the text in runs: what was sent, and the markers that stand for
// something that was not drawn. A renderer gives the second a look of its own,
// because data may hold the same letters.
func (s Safe) Parts() iter.Seq2[Safe, bool] {
	return func(yield func(Safe, bool) bool) {
		if len(s.s) == s.w {
			yield(s, false) // ASCII; every marker begins with a sign beyond
			return
		}
		start, w, inside, was := 0, 0, false, false
		for i, r := range s.s {
			marker := false
			if inside || r >= 0x80 {
				marker, inside = IsMarker(r, inside)
			}
			if marker != was && i > start {
				if !yield(Safe{s.s[start:i], w}, was) {
					return
				}
				start, w = i, 0
			}
			was = marker
			w += runeCells(r)
		}
		if start < len(s.s) {
			yield(Safe{s.s[start:], w}, was)
		}
	}
}
