//go:build !e2e

package gate_test

// everything is false where a test has to be quick.
const everything = false
