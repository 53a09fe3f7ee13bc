package mapping

import (
	_ "embed"
	"slices"
)

//go:embed example.json
var example []byte

// Example returns the map file of a gateway that is tried out without a configuration. It is meant as a beginning for
// other map files.
func Example() []byte { return slices.Clone(example) }
