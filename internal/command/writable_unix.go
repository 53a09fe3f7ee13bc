//go:build unix

package command

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// writable says why whoever asks may not write to a file, or into a folder.
func writable(path string) error {
	if err := unix.Access(path, unix.W_OK); err != nil {
		return fmt.Errorf("%q: not writable for this user: %w", path, err)
	}
	return nil
}
