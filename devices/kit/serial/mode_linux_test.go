//go:build !portable && !ppc && !ppc64 && !ppc64le

package serial

import (
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

// The driver is asked for what the mode says, whatever a terminal was set to before. A pseudo-terminal has no bits on a line, so that this
// is seen in the settings.
func TestRaw(t *testing.T) {
	cooked := unix.Termios{
		Iflag: unix.ICRNL | unix.IXON | unix.ISTRIP | unix.INPCK, Oflag: unix.OPOST | unix.ONLCR, Lflag: unix.ICANON | unix.ECHO | unix.ISIG,
		Cflag: unix.CS6 | unix.CSTOPB | unix.PARENB | unix.PARODD | unix.CRTSCTS | unix.B38400 | unix.HUPCL,
	}
	for _, row := range []struct {
		mode  Mode
		cflag uint32
		iflag uint32
	}{
		{Mode{Baud: 9600}, unix.CS8, 0},
		{Mode{Baud: 300, DataBits: 7, Parity: Even}, unix.CS7 | unix.PARENB, unix.INPCK | unix.IGNPAR},
		{Mode{Baud: 31250, Parity: Odd, StopBits: 2}, unix.CS8 | unix.CSTOPB | unix.PARENB | unix.PARODD, unix.INPCK | unix.IGNPAR},
		{Mode{Baud: 1, DataBits: 5, Parity: Mark}, unix.CS5 | unix.PARENB | unix.PARODD | unix.CMSPAR, unix.INPCK | unix.IGNPAR},
		{Mode{Baud: 1, DataBits: 6, Parity: Space}, unix.CS6 | unix.PARENB | unix.CMSPAR, unix.INPCK | unix.IGNPAR},
	} {
		mode, err := row.mode.complete()
		if err != nil {
			t.Fatal(err)
		}
		got := raw(cooked, mode)
		want := cooked
		want.Iflag, want.Oflag, want.Lflag = row.iflag|unix.IGNBRK, unix.ONLCR, 0
		want.Cflag = row.cflag | unix.BOTHER | unix.CREAD | unix.CLOCAL | unix.HUPCL
		want.Ispeed, want.Ospeed = uint32(mode.Baud), uint32(mode.Baud)
		want.Cc[unix.VMIN] = 1
		if got != want {
			t.Errorf("%+v: %+v, want %+v", row.mode, got, want)
		}
	}
}

// The system takes rates that no table has.
func TestOddRates(t *testing.T) {
	for _, baud := range []int{300, 9600, 31250, 100000, 3000001} {
		_, path := serialtest.Plug(t)
		port, err := Open(path, Mode{Baud: baud, DataBits: 7, Parity: Even, StopBits: 2})
		if err != nil {
			t.Error(err)
			continue
		}
		if err := port.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A program that a device starts does not get the port.
func TestNotInherited(t *testing.T) {
	_, port := plugIn(t)
	out, err := exec.Command("ls", "-l", "/proc/self/fd").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), port.path+"\n") {
		t.Errorf("a child has %s open:\n%s", port.path, out)
	}
}
