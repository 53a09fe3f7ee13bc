package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

// What comes over a port is shown as it comes; the end is a device for the configuration.
func TestProbeSerial(t *testing.T) {
	equipment, port := serialtest.Plug(t)
	link := filepath.Join(t.TempDir(), "usb-port0")
	if err := os.Symlink(port, link); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out, errs := newScreen(), newScreen()
	status := make(chan int)
	go func() {
		status <- Execute(ctx, []string{"probe", "serial", link, "--parity", "even", "--send", "PW?", "--end", `\r`, "--record", link + ".jsonl"}, nil, out, errs)
	}()
	if !out.await(ctx, `50 57 3f 0d                                      PW?\r`) {
		t.Fatalf("nothing was sent: %s%s", out, errs)
	}
	if !strings.Contains(errs.String(), "listening on "+link+", 9600 bit/s, 8 data bits, parity even, 1 stop bits: Ctrl-C ends\n") {
		t.Errorf("it says %q", errs.String())
	}
	fmt.Fprint(equipment, "PWON\r")
	if !out.await(ctx, `50 57 4f 4e 0d                                   PWON\r`) {
		t.Fatalf("nothing is shown: %s%s", out, errs)
	}
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("status %d, want 0: %s", got, errs)
	}
	if recorded, err := os.ReadFile(link + ".jsonl"); err != nil || !strings.Contains(string(recorded), `"out":"PW?\r"`) || !strings.Contains(string(recorded), `"in":"PWON\r"`) {
		t.Errorf("the recording is %s, %v", recorded, err)
	}
	_, yaml, _ := strings.Cut(out.String(), "\n1 frame, 5 bytes heard. For the configuration:\n\n")
	list, err := config.ParseDevices(strings.TrimPrefix(yaml, "devices:\n"))
	if err != nil || len(list) != 1 || list[0].Type != "serial" || list[0].Params["port"] != link || list[0].Params["parity"] != "even" {
		t.Errorf("%v, %+v, of\n%s", err, list, out.String())
	}
}

func TestProbeSerialFails(t *testing.T) {
	_, taken := serialtest.Plug(t)
	_, free := serialtest.Plug(t)
	port, err := serial.Open(taken, serial.Mode{Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	tests := map[string]struct {
		args []string
		want []string
	}{
		"absent":       {[]string{"/dev/ttyNONE9"}, []string{"open /dev/ttyNONE9: no such file or directory: this machine has "}},
		"taken":        {[]string{taken}, []string{"open " + taken + ": another program or device has it open"}},
		"no port":      {[]string{"/dev/null"}, []string{"open /dev/null: no serial port"}},
		"wrong mode":   {[]string{taken, "--baud=0", "--parity=some"}, []string{"baud: 0 is out of range", `parity: want none, odd, even, mark or space, have "some"`}},
		"wrong text":   {[]string{taken, `--end=\q`, `--send=\`, "--size=-1"}, []string{`--end: "\\q", want text`, `--send: "\\", want text`, "want no number below 0"}},
		"two ends":     {[]string{taken, "--end=a", "--size=2", "--every=1s"}, []string{"want --end or --size, not both", "--every: want --send with it"}},
		"no recording": {[]string{free, "--record=/nowhere/x"}, []string{"--record: open /nowhere/x: no such file or directory"}},
		"two ports":    {[]string{"a", "b"}, []string{`unexpected arguments ["b"]`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := execute(t, "", append([]string{"probe", "serial"}, tt.args...)...)
			for _, want := range tt.want {
				if got.status != 1 || !strings.Contains(got.stderr, want) {
					t.Errorf("status %d, lacks %q: %s", got.status, want, got.stderr)
				}
			}
		})
	}
}

// A probe that nothing tells what to probe lists what there is.
func TestProbe(t *testing.T) {
	if got := execute(t, "", "probe"); got.status != 0 || !strings.Contains(got.stdout, "serial ") {
		t.Errorf("got %+v", got)
	}
	if got := execute(t, "", "probe", "toaster"); got.status != 1 || !strings.Contains(got.stderr, `"toaster" can't be probed: want one of `) {
		t.Errorf("got %+v", got)
	}
	got := execute(t, "", "probe", "serial")
	if ports, _ := serial.Ports(); len(ports) == 0 && (got.status != 1 || !strings.Contains(got.stderr, "want one plugged in")) ||
		len(ports) > 0 && !strings.HasPrefix(got.stdout, ports[0].Path+"\n") {
		t.Errorf("ports %v: got %+v", ports, got)
	}
}
