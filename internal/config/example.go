package config

import (
	_ "embed"
	"slices"
)

//go:embed example.yaml
var example []byte

// Example returns an annotated configuration to start from. It is valid as it
// is, and so is every part of it that is commented out.
func Example() []byte { return slices.Clone(example) }
