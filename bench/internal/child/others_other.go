//go:build !linux

package child

import (
	"errors"
	"time"
)

// takenByUs has nothing to be compared with where there is no /proc/stat.
func takenByUs() (time.Duration, error) { return 0, errors.ErrUnsupported }
