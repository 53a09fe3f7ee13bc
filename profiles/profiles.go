// Package profiles has the profiles that the program has in itself, each in a folder of its own with a recording of its product. The
// recordings, and the values that come of them, are for tests, and not part of the program. Package internal/profile says what a
// profile is.
package profiles

import "embed"

// Files are the profiles: NAME/NAME.yaml.
//
//go:embed */*.yaml
var Files embed.FS
