package report

import "math"

// z95 is the normal quantile of a two-sided 95 % interval.
const z95 = 1.959963984540054

// Share is a count out of another, with what is needed to believe it.
type Share struct {
	K int `json:"k"`
	N int `json:"n"`
	// Low and High are the Wilson 95 % interval, 0 and 1 for an N of 0.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// enough is how many a share needs to be headlined.
const enough = 10

// shareOf returns k of n with its interval.
// See Wilson, "Probable Inference", JASA 22 (1927).
func shareOf(k, n int) Share {
	s := Share{K: k, N: n, High: 1}
	if n == 0 {
		return s
	}
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z95*z95/(2*m)) / (1 + z95*z95/m)
	half := z95 / (1 + z95*z95/m) * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	s.Low, s.High = max(0, mid-half), min(1, mid+half)
	return s
}

// Value returns the share as a number, 0 for an N of 0.
func (s Share) Value() float64 {
	if s.N == 0 {
		return 0
	}
	return float64(s.K) / float64(s.N)
}

// Enough reports whether the share may be headlined.
func (s Share) Enough() bool { return s.N >= enough }

// Change says how a number moved between two periods.
type Change string

// The changes. Only the first two are arrows.
const (
	Up       Change = "up"
	Down     Change = "down"
	CantTell Change = "can't tell"
	TooFew   Change = "too few"
	NoBefore Change = ""
)

// z90 is the bound of the test of counts: two-sided 90 %.
const z90 = 1.645

// CountChange compares two counts of equal periods, taken as Poisson.
func CountChange(before, now int) Change {
	if before+now < enough {
		return TooFew
	}
	z := float64(before-now) / math.Sqrt(float64(before+now))
	switch {
	case z > z90:
		return Down
	case z < -z90:
		return Up
	}
	return CantTell
}

// ShareChange compares two shares: an arrow only when their intervals do not
// overlap.
func ShareChange(before, now Share) Change {
	switch {
	case before.N == 0:
		return NoBefore
	case !before.Enough() || !now.Enough():
		return TooFew
	case now.Low > before.High:
		return Up
	case now.High < before.Low:
		return Down
	}
	return CantTell
}
