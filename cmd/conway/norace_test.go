//go:build !race

package main

// manyPast is a number of incidents that nobody reads one by one.
const manyPast = 10_000
