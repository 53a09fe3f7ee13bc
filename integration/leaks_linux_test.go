package integration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

// TestNothingLeaks begins a program while the gateway has a serial port and sockets open. The program has none of them, and nothing of
// the gateway's options in its environment.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	broker, dir := startMosquitto(t), t.TempDir()
	_, port := serialtest.Plug(t)
	box, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	config := write(t, dir, "gateway.yaml", fmt.Sprintf(`
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - {name: wire, type: serial, params: {port: %s, frame: {end: "\n"}, points: [{id: a, match: '^(.)$'}]}}
  - {name: box, type: tcp, params: {address: "%s", frame: {end: "\n"}, points: [{id: a, match: '^(.)$'}]}}
  - {name: station, type: udp, params: {listen: "127.0.0.1:0", points: [{id: a, match: '^(.)$'}]}}
  - name: program
    type: exec
    retry: {min: 10ms, max: 50ms}
    params:
      run: [sh, -c, 'env > env.$$; echo $$; exec sleep 600']
      dir: %s
      decode: text
      points: [{id: pid, match: '^(\d+)$'}]
`, port, box.Addr(), dir))
	u := join(t, broker.address, "home/$gateway/gw/program/values")
	gateway := startProgram(t, dir, filepath.Join(programs, "gateway"), []string{"MQTTGATEWAY_LOG_THROTTLE=5s"},
		"run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	for _, device := range []string{"wire", "box", "station", "program"} {
		gateway.says(`msg="device online" device=` + device)
	}
	gateway.says("msg=subscribed")
	for kills := 0; ; {
		m, ok := u.hearAny(patience)
		if !ok {
			t.Fatal("the program says nothing")
		}
		pid, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(m.payload, `{"pid":`), "}"))
		if err != nil {
			continue // unknown, while the program is dead
		}
		if kills++; kills == 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			continue
		}
		own, its := descriptors(gateway.cmd.Process.Pid), descriptors(pid) // of one that has begun while all else was open
		for _, kind := range []string{"socket:", "anon_inode:", port} {
			if !strings.Contains(own, kind) || strings.Contains(its, kind) {
				t.Errorf("the gateway has\n%s, and its program\n%s: want %s of the gateway alone", own, its, kind)
			}
		}
		environment, _ := os.ReadFile(fmt.Sprintf("%s/env.%d", dir, pid))
		if !strings.Contains(string(environment), "PYTHONUNBUFFERED=1") || strings.Contains(string(environment), "MQTTGATEWAY_") {
			t.Errorf("the environment of the program is\n%s", environment)
		}
		break
	}
	gateway.stop()
}

// descriptors returns what a process has open, a line each.
func descriptors(pid int) string {
	var all strings.Builder
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			fmt.Fprintln(&all, to)
		}
	}
	return all.String()
}
