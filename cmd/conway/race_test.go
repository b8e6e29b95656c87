//go:build race

package main

// manyPast is fewer under the race detector, which is several times slower.
const manyPast = 1_000
