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

// Found returns the text in runs: what find returns the places of, in bytes from
// start to end and in order, and the rest. A run ends where a cluster does, so a
// place within one takes all of it. Markers are never looked into: they are not
// what was sent.
func (s Safe) Found(find func(sent string) [][2]int) iter.Seq2[Safe, bool] {
	return func(yield func(Safe, bool) bool) {
		for part, marker := range s.Parts() {
			var places [][2]int
			if !marker {
				places = find(part.s)
			}
			if len(places) == 0 {
				if !yield(part, false) {
					return
				}
				continue
			}
			for run, found := range part.runs(places) {
				if !yield(run, found) {
					return
				}
			}
		}
	}
}

// runs cuts the text at places, where clusters end.
func (s Safe) runs(places [][2]int) iter.Seq2[Safe, bool] {
	return func(yield func(Safe, bool) bool) {
		start, end, w, was := 0, 0, 0, false
		for end < len(s.s) {
			n, cells := cluster(s.s[end:])
			for len(places) > 0 && places[0][1] <= end {
				places = places[1:]
			}
			is := len(places) > 0 && places[0][0] < end+n && places[0][1] > end
			if is != was && end > start {
				if !yield(Safe{s.s[start:end], w}, was) {
					return
				}
				start, w = end, 0
			}
			was, end, w = is, end+n, w+cells
		}
		if start < end {
			yield(Safe{s.s[start:end], w}, was)
		}
	}
}
