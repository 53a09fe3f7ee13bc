package mapping

import (
	_ "embed"
	"slices"
)

//go:embed example.json
var example []byte

// Example returns the text of a map file to start from: the one of a gateway that is tried out without configuration.
func Example() []byte { return slices.Clone(example) }
