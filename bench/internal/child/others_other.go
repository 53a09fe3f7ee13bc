//go:build !linux

package child

import (
	"errors"
	"time"
)

// takenByUs returns an error on systems without /proc/stat.
func takenByUs() (time.Duration, error) { return 0, errors.ErrUnsupported }
