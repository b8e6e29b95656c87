//go:build race

package ledger

// slowdown is how much less the tests do under the race detector, which makes
// SQLite some fifteen times slower.
const slowdown = 16
