//go:build !race

package ui

// honestFrames is how many frames are drawn when nobody says.
const honestFrames = 100_000
