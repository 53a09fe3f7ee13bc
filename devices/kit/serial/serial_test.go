package serial

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ExampleOpen() {
	_, err := Open("/dev/ttyNONE", Mode{Baud: 9600})
	fmt.Println(err)
	_, err = Open("/dev/ttyNONE", Mode{DataBits: 9, Parity: "evn"})
	fmt.Println(err)
	// Output:
	// open /dev/ttyNONE: no such file or directory
	// open /dev/ttyNONE: baud: 0 is out of range: want 1 to 100000000
	// data bits: 9 is out of range: want 5 to 8
	// parity: want none, odd, even, mark or space, have "evn"
}

var _ io.ReadWriteCloser = (*Port)(nil)

// An error of a line becomes one error that names the port; what can only mean that it is gone says so.
func TestErrorsName(t *testing.T) {
	p := &Port{"/dev/tty0", failing{&os.PathError{Op: "read", Path: "fd", Err: io.ErrShortBuffer}}}
	if _, err := p.Read(nil); err == nil || err.Error() != "read /dev/tty0: short buffer" {
		t.Errorf("read: %v", err)
	}
	p.line = failing{io.EOF}
	if _, err := p.Write(nil); !errors.Is(err, ErrGone) || !strings.HasPrefix(err.Error(), "write /dev/tty0: the port is gone") {
		t.Errorf("write: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)         { return 0, f.err }
func (f failing) Write([]byte) (int, error)        { return 0, f.err }
func (f failing) Close() error                     { return f.err }
func (f failing) SetReadDeadline(time.Time) error  { return f.err }
func (f failing) SetWriteDeadline(time.Time) error { return f.err }

func TestOpenNoPort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Mode{Baud: 9600}); err == nil || !strings.Contains(err.Error(), "no serial port") {
		t.Errorf("a file is opened: %v", err)
	}
}
