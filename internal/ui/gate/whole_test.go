//go:build e2e

package gate_test

// everything makes the corpus tests visit every screen with every attack.
const everything = true
