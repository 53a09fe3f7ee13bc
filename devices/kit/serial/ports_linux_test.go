package serial

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// Ports are listed in the order of their numbers, with the names that stay first; consoles and places without a port are left out.
func TestPorts(t *testing.T) {
	root := t.TempDir()
	file := func(path, text string) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ttyUSB10", "ttyUSB2", "ttyS0", "ttyS1"} {
		file("sys/class/tty/"+name+"/device/x", "")
		file("dev/"+name, "")
	}
	file("sys/class/tty/ttyS0/type", "4\n")
	file("sys/class/tty/ttyS1/type", "0\n")
	file("sys/class/tty/tty1/uevent", "")
	file("dev/tty1", "")
	file("sys/class/tty/ttyACM0/device/x", "") // was unplugged just now
	for link, port := range map[string]string{"by-path/pci-0:2": "ttyUSB2", "by-id/usb-FTDI_A5": "ttyUSB2"} {
		link = filepath.Join(root, "dev/serial", link)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../../"+port, link); err != nil {
			t.Fatal(err)
		}
	}
	got, err := list(root)
	at := func(path string) string { return filepath.Join(root, "dev", path) }
	want := []Listed{
		{at("ttyS0"), nil},
		{at("ttyUSB2"), []string{at("serial/by-id/usb-FTDI_A5"), at("serial/by-path/pci-0:2")}},
		{at("ttyUSB10"), nil},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v\nwant %v", got, err, want)
	}
	if _, err := Ports(); err != nil {
		t.Error(err)
	}
}
