package integration

import (
	"bufio"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// shape returns the text for program.says that matches a line of the log, without what was measured.
func shape(t *testing.T, line, address string) string {
	t.Helper()
	parts := logLine.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("%q is no line of the log", line)
	}
	text := parts[2]
	if strings.Contains(text, " ") {
		text = `"` + text + `"`
	}
	attrs := strings.ReplaceAll(escapes.ReplaceAllString(parts[3], `"`), "127.0.0.1:1883", address)
	return "level=" + levels[parts[1]] + " msg=" + text + measured.ReplaceAllString(attrs, "$1=…")
}

// seeTryOut tries the program out as README and the program say, and checks that the output is README's.
func seeTryOut(t *testing.T, tryOut, log, heard *block) {
	gateway := start(t, t.TempDir(), "gateway", "run")
	address := gateway.broker()
	_, port, _ := net.SplitHostPort(address)
	_, page, _ := strings.Cut(gateway.says("Look at it with a browser: "), "browser: ")
	here := strings.NewReplacer("127.0.0.1:1883", address, "-p 1883", "-p "+port, "http://127.0.0.1:41739/", page)
	var commands []string
	at := 0
	for _, line := range tryOut.lines {
		want := here.Replace(line)
		_, next, ok := gateway.lines.find(at, patience, func(line string) bool { return line == want })
		if !ok {
			t.Fatalf("the program does not say %q", want)
		}
		if at = next; strings.HasPrefix(want, "  ") {
			commands = append(commands, want)
		}
	}

	sub := exec.Command("sh", "-c", "exec "+strings.TrimSpace(commands[0]))
	out, err := sub.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	mortal(sub)
	if err := sub.Start(); err != nil {
		t.Fatal(err)
	}
	var shown tape[string]
	ended := make(chan struct{})
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if !strings.Contains(lines.Text(), "/dummyfunction/") && !strings.HasSuffix(lines.Text(), "light_blue") {
				shown.add(lines.Text())
			}
		}
		_ = sub.Wait()
		close(ended)
	}()
	defer func() { _ = sub.Process.Kill(); <-ended }()
	waitFor := func(line string) {
		if _, _, ok := shown.find(0, patience, func(l string) bool { return l == line }); !ok {
			t.Errorf("mosquitto_sub does not show %q", line)
		}
	}
	waitFor(heard.lines[0])
	waitFor(heard.lines[1])
	tell := func(command string) {
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	tell(commands[1])
	waitFor(heard.lines[3])
	tell(strings.Replace(commands[1], "light_on", "light_blue", 1))
	for _, line := range log.lines {
		gateway.says(shape(t, line, address))
	}
	gateway.stop()
	waitFor(heard.lines[len(heard.lines)-1])
	lines, _, _ := shown.from(0)
	want := slices.Clone(heard.lines)
	for _, list := range [][]string{lines, want} {
		// Retained messages come in any order, and so do a command and its answer.
		for i := 0; i+2 <= min(4, len(list)); i += 2 {
			slices.Sort(list[i : i+2])
		}
	}
	if !slices.Equal(lines, want) {
		t.Errorf("mosquitto_sub shows\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// seeOutage kills the broker. Sums come sooner than in README, which shows the usual times.
func seeOutage(t *testing.T, log *block) {
	broker := startMosquitto(t)
	dir := t.TempDir()
	config := write(t, dir, "dummy2mqtt.yaml", "mapping: {root: home, topics: ['home/#']}\ndevices: [{name: dummy, type: dummy, params: {port: none, interval: 2s}}]\n")
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker", "tcp://"+broker.address, "--log.level", "debug",
		"--log.throttle", "100ms", "--mqtt.lag", "50ms", "--mqtt.reconnect.min", "50ms", "--mqtt.reconnect.max", "50ms")
	gateway.broker()
	// Nothing is under way when the broker is killed.
	join(t, broker.address, "home/$gateway/dummy2mqtt/dummy/state").hearAny(patience)
	broker.kill()
	last := len(log.lines) - 1
	for _, line := range log.lines[:last] {
		gateway.says(shape(t, line, broker.address))
	}
	// Wait for some more sums, each 600 ms after the one before, so that the dummy says something meanwhile; and for
	// one more attempt, which the sum at the end counts.
	at := 0
	for _, text := range append(slices.Repeat([]string{"link failed again"}, 5), "level=DEBUG…connection refused") {
		_, next, ok := gateway.lines.find(at, patience, pattern(text).MatchString)
		if !ok {
			t.Fatalf("the gateway has not said once more %q", text)
		}
		at = next
	}
	broker.start()
	gateway.says(shape(t, log.lines[last], broker.address))
	gateway.stop()
}
