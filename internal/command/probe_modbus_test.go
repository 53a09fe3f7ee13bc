package command

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// listen returns the address of a server that hears everything and answers nothing.
func listen(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String()
}

func TestProbeModbusFails(t *testing.T) {
	silent := listen(t)
	tests := map[string]struct {
		args []string
		want []string
	}{
		"no address": {nil, []string{"an argument is missing"}},
		"all wrong": {[]string{"udp://plc", "--holding=5-3", "--coil=x", "--unit=256", "--most=0", "--units=1-300", "--timeout=-1s"}, []string{
			`"udp://plc", want an address such as tcp://plc:502`, `--holding: "5-3", want a number or a range`, `--coil: "x"`,
			"--unit: 256, want 0 to 255", "--most: 0, want 1 to 125", `--units: "1-300", want units up to 255`, "--timeout: -1s, want a time above 0"}},
		"below the base": {[]string{"plc", "--base=1", "--input=0-3"}, []string{"--input: 0 to 3, want numbers from 1 to 65536"}},
		"no port":        {[]string{"rtu:///dev/ttyNONE9"}, []string{"open /dev/ttyNONE9: no such file or directory: this machine has "}},
		"silent": {[]string{silent, "--holding=0-3", "--timeout=20ms"}, []string{
			"unit 1: read 4 holding registers at 0: no answer within 20ms: --scan finds the units that answer"}},
		"nobody": {[]string{silent, "--scan", "--units=1-2", "--timeout=20ms"}, []string{"no unit of 1 to 2 answers within 20ms\n"}},
		"nobody on a line": {[]string{"rtu+tcp://" + silent, "--scan", "--units=1-2", "--timeout=20ms"}, []string{
			"no unit of 1 to 2 answers within 20ms: are rate, parity and the two wires right?"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := execute(t, "", append([]string{"probe", "modbus"}, tt.args...)...)
			for _, want := range tt.want {
				if got.status != 1 || !strings.Contains(got.stderr, want) {
					t.Errorf("status %d, lacks %q: %s", got.status, want, got.stderr)
				}
			}
		})
	}
}

// A scan that is cut short ends with the status of what Ctrl-C has ended, at once.
func TestProbeInterrupted(t *testing.T) {
	for _, args := range [][]string{{"--scan"}, {"--holding=0"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		var stdout, stderr bytes.Buffer
		begun := time.Now()
		status := Execute(ctx, append([]string{"probe", "modbus", listen(t), "--timeout=30s"}, args...), nil, &stdout, &stderr)
		cancel()
		if status != 130 || stdout.Len()+stderr.Len() != 0 || time.Since(begun) > 10*time.Second {
			t.Errorf("%q: status %d, want 130 and no word, after %s: %s%s", args, status, time.Since(begun), &stdout, &stderr)
		}
	}
}
