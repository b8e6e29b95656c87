//go:build !race

package ledger

// slowdown is how much less the tests do under the race detector.
const slowdown = 1
