//go:build race

package ui

// honestFrames is less under the race detector, which makes a frame take fifteen
// times as long and finds nothing more in a model without goroutines.
const honestFrames = 4_000
