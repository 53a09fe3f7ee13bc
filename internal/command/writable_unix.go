//go:build unix

package command

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// writable returns an error if the process may not write to the file, or into the folder, at path.
func writable(path string) error {
	if err := unix.Access(path, unix.W_OK); err != nil {
		return fmt.Errorf("%q: not writable for this user: %w", path, err)
	}
	return nil
}
