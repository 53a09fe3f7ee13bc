package serialtest

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Plug returns the equipment's end of a serial line, and the path of the port at the other. What is written to the one is read from
// the other as it is, once the port has been opened; what is written before may come back. The equipment is unplugged when the test
// ends. Only Linux has that: elsewhere the test is skipped.
func Plug(t testing.TB) (equipment *os.File, path string) {
	t.Helper()
	equipment, err := os.OpenFile("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { equipment.Close() })
	conn, err := equipment.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var failed error
	err = conn.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return equipment, fmt.Sprintf("/dev/pts/%d", number)
}
