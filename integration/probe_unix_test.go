//go:build unix

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestProbe looks at equipment of each kind, and checks the configuration that the probe ends with.
func TestProbe(t *testing.T) {
	t.Parallel()
	t.Run("serial", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		line := plug(t, filepath.Join(dir, "port"))
		probe := start(t, dir, "gateway", "probe", "serial", line.port, "--send", `PW?\r`, "--baud", "115200")
		line.hears("PW?\r")
		line.says("PWON\r")
		probe.says(`<  50 57 4f 4e 0d                                   PWON\r`)
		probe.signal(os.Interrupt)
		if status := probe.exit(); status != "exit status 0" {
			t.Errorf("Ctrl-C ends it with %s", status)
		}
		lines, _, _ := probe.lines.from(0)
		checkProbed(t, strings.Join(lines, "\n"), `frame: {end: "\r"}`, `# such as "PWON"`)
	})
	t.Run("snmp", func(t *testing.T) {
		t.Parallel()
		agent, dir := startSNMPD(t), t.TempDir()
		for name, text := range map[string]string{"community": "hidden\n", "auth": "authentic\n", "priv": "encrypted\n"} {
			write(t, dir, name, text)
		}
		said, err := command(t, dir, "probe", "snmp", agent.address, "--community-file", "community")
		for deadline := time.Now().Add(patience); strings.Contains(said, "connection refused") && time.Now().Before(deadline); {
			said, err = command(t, dir, "probe", "snmp", agent.address, "--community-file", "community") // snmpd speaks before it listens
		}
		if err != nil || !strings.Contains(said, "1.3.6.1.2.1.1.6.0 sysLocation       STRING     rack\n") {
			t.Errorf("%v: %s", err, said)
		}
		checkProbed(t, said, "syslocation")
		said, err = command(t, dir, "probe", "snmp", agent.address, loadOID, "1.3.6.1.4.1.99999.3.0",
			"--user", "monitor", "--auth-password-file", "auth", "--priv-password-file", "priv")
		if err != nil || !strings.Contains(said, "INTEGER    215\n") || !strings.Contains(said, "the agent has no such object") {
			t.Errorf("%v: %s", err, said)
		}
		checkProbed(t, said, "oid: "+loadOID)
		said, err = command(t, dir, "probe", "snmp", agent.address, "--user", "monitor", "--auth-password-file", "priv", "--timeout", "1s")
		if err == nil || !strings.Contains(said, "are the user, the passwords and their protocols right?") || strings.Contains(said, "encrypted\n") {
			t.Errorf("a wrong password: %v: %s", err, said)
		}
	})
	t.Run("http", func(t *testing.T) {
		t.Parallel()
		dir, shelly := t.TempDir(), &boiler{t: t}
		shelly.start("127.0.0.1:0")
		defer shelly.end()
		write(t, dir, "pw", boilerPassword+"\n")
		status := "http://" + shelly.address + "/rpc/Switch.GetStatus?id=0"
		said, err := command(t, dir, "probe", "http", status)
		if err == nil || !strings.Contains(said, "401 Unauthorized") || !strings.Contains(said, "asks for digest") {
			t.Errorf("without a password: %v: %s", err, said)
		}
		said, err = command(t, dir, "probe", "http", status, "--digest", "admin", "--password-file", "pw")
		if err != nil || !strings.Contains(said, ".aenergy.total  1234500.5\n") || strings.Contains(said, boilerPassword) {
			t.Errorf("%v: %s", err, said)
		}
		checkProbed(t, said, `get: "/rpc/Switch.GetStatus?id=0"`)
	})
}

// checkProbed checks the configuration that a probe has printed, in which texts stand.
func checkProbed(t *testing.T, said string, texts ...string) {
	t.Helper()
	at := strings.Index(said, "\nlines:\n")
	if at < 0 {
		at = strings.Index(said, "\ndevices:\n")
	}
	if at < 0 {
		t.Fatalf("the probe has printed no configuration:\n%s", said)
	}
	yaml := said[at:]
	for _, text := range texts {
		if !strings.Contains(yaml, text) {
			t.Errorf("the configuration lacks %s:\n%s", text, yaml)
		}
	}
	dir := t.TempDir()
	write(t, dir, "probed.yaml", "mapping: {root: home, topics: [home/+/+/+/+/+/C]}\n"+yaml)
	for _, name := range []string{"community", "auth", "priv", "pw"} {
		write(t, dir, name, "secret\n")
	}
	if checked, err := command(t, dir, "check", "--config", "probed.yaml"); err != nil {
		t.Errorf("check: %v: %s\n%s", err, checked, yaml)
	}
}

// TestProbeModbus reads registers and bits of slaves on a serial line, and looks for slaves there.
func TestProbeModbus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cable := &adapter{t: t, dir: dir}
	cable.start()
	startSlaves(t, "slaves.py", "rtu", filepath.Join(dir, "theirs"))
	cable.plugIn()
	// On a busy machine an answer may be coming for long. Only for the last unit of the scan does the probe wait in vain.
	line := []string{"probe", "modbus", "rtu://" + cable.port(), "--baud", "115200", "--timeout", "3s"}
	said, err := command(t, dir, append(line, "--unit", "1", "--input", "0-1,52-53,90-110")...)
	if err != nil || !strings.Contains(said, "      0-1  float32             230.1                 -") || !strings.Contains(said, "input registers 100 to 110: exception 2") {
		t.Errorf("%v: %s", err, said)
	}
	checkProbed(t, said, "{id: input_52, input: 52, type: float32}   # -1234.5")
	said, err = command(t, dir, append(line, "--unit", "2", "--holding", "200-203", "--coil", "0-3", "--base", "0")...)
	if err != nil || !strings.Contains(said, `text in 200-203 (ABCD): "SIM 4.1"`) {
		t.Errorf("%v: %s", err, said)
	}
	checkProbed(t, said, "coil_3")
	said, err = command(t, dir, append(line, "--scan", "--units", "1-3")...)
	if err != nil || !strings.Contains(said, "unit   1 answers\n") || !strings.Contains(said, "unit   2 answers\n") || strings.Contains(said, "unit   3") {
		t.Errorf("%v: %s", err, said)
	}
}
