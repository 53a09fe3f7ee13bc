package serial

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

// plugIn opens a port with equipment at its other end.
func plugIn(t *testing.T) (equipment *os.File, port *Port) {
	t.Helper()
	equipment, path := serialtest.Plug(t)
	port, err := Open(path, Mode{Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { port.Close() })
	return equipment, port
}

// Every byte passes as it is, both ways.
func TestBytes(t *testing.T) {
	equipment, port := plugIn(t)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, way := range []struct {
		name string
		from io.Writer
		to   io.Reader
	}{{"in", equipment, port}, {"out", port, equipment}} {
		if _, err := way.from.Write(all); err != nil {
			t.Fatal(way.name, err)
		}
		got := make([]byte, len(all))
		if _, err := io.ReadFull(way.to, got); err != nil || !bytes.Equal(got, all) {
			t.Errorf("%s: %q, %v", way.name, got, err)
		}
	}
	if err := port.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if n, err := port.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the port repeats what is written to it: %d, %v", n, err)
	}
}

// Read returns what has come, and has not to fill the buffer.
func TestReadReturnsWhatHasCome(t *testing.T) {
	equipment, port := plugIn(t)
	fmt.Fprint(equipment, "10")
	got := make([]byte, 100)
	if n, err := port.Read(got); err != nil || string(got[:n]) != "10" {
		t.Errorf("read %q, %v", got[:n], err)
	}
}

// waits calls f and sees that it is still at it when something else is done.
func waits(t *testing.T, f func() error, then func()) error {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- f() }()
	select {
	case err := <-result:
		t.Fatalf("ended at once: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	then()
	select {
	case err := <-result:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("does not end")
	}
	return nil
}

// fill writes until nobody takes any more.
func fill(w io.Writer) error {
	for {
		if _, err := w.Write(make([]byte, 1000)); err != nil {
			return err
		}
	}
}

// What waits is ended by Close, by a deadline, also one that is set while it waits, and by unplugging.
func TestWhatWaitsEnds(t *testing.T) {
	for _, row := range []struct {
		name string
		then func(equipment *os.File, port *Port)
		want error
	}{
		{"close", func(_ *os.File, port *Port) { port.Close() }, os.ErrClosed},
		{"deadline", func(_ *os.File, port *Port) { port.SetDeadline(time.Now()) }, os.ErrDeadlineExceeded},
		{"unplug", func(equipment *os.File, _ *Port) { equipment.Close() }, ErrGone},
	} {
		t.Run("read "+row.name, func(t *testing.T) {
			equipment, port := plugIn(t)
			err := waits(t, func() error { _, err := port.Read(make([]byte, 1)); return err }, func() { row.then(equipment, port) })
			if !errors.Is(err, row.want) || !strings.HasPrefix(err.Error(), "read /dev/pts/") {
				t.Errorf("read ended with %v, want %v", err, row.want)
			}
		})
		t.Run("write "+row.name, func(t *testing.T) {
			equipment, port := plugIn(t)
			err := waits(t, func() error { return fill(port) }, func() { row.then(equipment, port) })
			if !errors.Is(err, row.want) || !strings.HasPrefix(err.Error(), "write /dev/pts/") {
				t.Errorf("write ended with %v, want %v", err, row.want)
			}
			equipment.Close()
			port.Close()
			// The next port may have this one's name, which is free when a write that hung in the driver has ended.
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
				next, err := Open(port.path, Mode{Baud: 9600})
				if err == nil {
					next.Close()
				}
				if err == nil || !strings.Contains(err.Error(), "another program or device") {
					break
				}
			}
		})
	}
}

// A deadline that has passed is over when it is taken away.
func TestDeadlineIsTakenAway(t *testing.T) {
	equipment, port := plugIn(t)
	if err := port.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := port.Write([]byte("a")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
	if err := port.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(equipment, "1")
	if _, err := port.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if _, err := port.Write([]byte("a")); err != nil {
		t.Error(err)
	}
}

// A port that is gone stays gone, and a closed one is closed for all.
func TestAfterTheEnd(t *testing.T) {
	equipment, port := plugIn(t)
	equipment.Close()
	for range 2 {
		if _, err := port.Read(make([]byte, 1)); !errors.Is(err, ErrGone) {
			t.Errorf("read: %v", err)
		}
		if _, err := port.Write([]byte("a")); !errors.Is(err, ErrGone) {
			t.Errorf("write: %v", err)
		}
	}
	if err := port.Close(); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"close": port.Close(),
		"read":  second(port.Read(make([]byte, 1))),
		"write": second(port.Write([]byte("a"))),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after close: %v", what, err)
		}
	}
}

func second(_ int, err error) error { return err }

// Nobody else gets a port that is open, and whoever comes next gets it when it is closed.
func TestOneOwner(t *testing.T) {
	_, path := serialtest.Plug(t)
	for range 2 {
		port, err := Open(path, Mode{Baud: 9600})
		if err != nil {
			t.Fatal(err)
		}
		if second, err := Open(path, Mode{Baud: 9600}); err == nil {
			second.Close()
			t.Error("the same program opens the port twice")
		} else if want := "open " + path + ": another program or device has it open"; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("second open: %v, want %s", err, want)
		}
		if err := port.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A refused open leaves nothing open.
func TestRefusedOpenLeavesNothing(t *testing.T) {
	_, port := plugIn(t)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := count()
	for range 20 {
		if _, err := Open(port.path, Mode{Baud: 9600}); err == nil {
			t.Fatal("opened twice")
		}
	}
	if after := count(); after > before {
		t.Errorf("%d files are open, %d before", after, before)
	}
}
