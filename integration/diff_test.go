package integration

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ask runs a command that asks the running gateway, and returns what it prints.
func ask(t *testing.T, command, config string) (stdout, stderr string, good bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, faults strings.Builder
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "gateway"), command, "--config", config)
	cmd.Stdout, cmd.Stderr = &out, &faults
	good = cmd.Run() == nil
	return out.String(), faults.String(), good
}

// diff prints what reload then does, and both print the faults of a configuration, which changes nothing.
func TestDiffAndReload(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	const (
		spot  = "  - {name: spot, type: dummy, answers_to: {device: [spot]}, params: {port: none, interval: 0, echo: true}}\n"
		other = "  - {name: other, type: dummy, retain: true, answers_to: {device: [other]}, params: {port: none, interval: 0, echo: true}}\n"
	)
	with := func(devices string) string {
		return write(t, dir, "gateway.yaml", "gateway: {name: gw}\nmqtt: {qos: 1, broker: 'tcp://"+broker.address+"'}\n"+
			"mapping: {file: gw.map}\nhealth: {socket: h.sock}\ndevices:\n"+devices)
	}
	config := with(spot)
	asks := func(command, stdout, stderr string, good bool) {
		t.Helper()
		out, faults, ended := ask(t, command, config)
		if out != stdout || !pattern(stderr).MatchString(strings.ReplaceAll(faults, "\n", " ")) || stderr == "" && faults != "" || ended != good {
			t.Errorf("%s printed %q, on standard error %q, and was good: %t; want %q, %q, %t", command, out, faults, ended, stdout, stderr, good)
		}
	}
	write(t, dir, "gw.map", worded("home", "on", "old"))
	asks("reload", "", "no gateway listens: …", false)
	asks("diff", "", "no gateway listens: …", false)

	gateway := start(t, dir, "gateway", "run", "--config", config)
	gateway.says("msg=subscribed topic=home/old/#")
	u := listens(t, broker)
	asks("diff", "nothing has changed\n", "", true)

	write(t, dir, "gw.map", worded("home/+", "on", "old"))
	for _, command := range []string{"diff", "reload"} {
		asks(command, "", `…/gw.map:1:2: /root: …`, false)
	}
	u.ask(patience, tell("old", "on"), echo("old", "on"))

	write(t, dir, "gw.map", worded("home", "an", "new"))
	const changes = "~ map: topics, action\n"
	asks("diff", changes, "", true)
	u.ask(patience, tell("old", "on"), echo("old", "on"))
	asks("reload", changes, "", true)
	gateway.says("level=INFO msg=\"configuration read again\" map=\"[topics action]\" took=…")
	gateway.says("msg=subscribed topic=home/new/#")
	u.ask(patience, tell("new", "an"), echo("new", "an"))
	asks("diff", "nothing has changed\n", "", true)

	// Devices are compared by name. The broker's retained state of a removed device is cleared.
	states := join(t, broker.address, "home/$gateway/gw/+/state")
	hears := func(device, payload string) {
		t.Helper()
		want := message{topic: "home/$gateway/gw/" + device + "/state", payload: payload, qos: 1}
		for {
			m, ok := states.hearAny(patience)
			if !ok {
				t.Fatalf("the broker has not heard %v", want)
			}
			if m.retained = false; m == want {
				return
			}
		}
	}
	hears("spot", "online")
	with(spot + other)
	asks("diff", "+ device other\n", "", true)
	asks("reload", "+ device other\n", "", true)
	hears("other", "online")
	kept := message{topic: "home/new///other/gw/S", payload: "an", qos: 1}
	u.ask(patience, message{topic: "home/new///other/me/C", payload: "an"}, kept)
	with(spot + strings.Replace(other, "echo: true", "echo: false", 1))
	asks("diff", "~ device other: params.echo\n", "", true)
	asks("reload", "~ device other: params.echo\n", "", true)
	hears("other", "online")
	with(strings.Replace(spot, "dummy", "dumy", 1) + strings.Replace(other, "port", "prt", 1))
	asks("reload", "", `…/gateway.yaml:6:18: devices[0].type: unknown device type "dumy" … devices[1].params.prt: unknown option`, false)
	with(spot)
	asks("diff", "- device other\n", "", true)
	asks("reload", "- device other\n", "", true)
	hears("other", "")
	kept.payload = ""
	if m, ok := u.hear(patience); m != kept {
		t.Errorf("of what the device had the broker keep came %v, %t, want %v", m, ok, kept)
	}
	asks("diff", "nothing has changed\n", "", true)
	gateway.stop()
	gateway.saysOnly("configuration refused")
	asks("reload", "", "no gateway listens: …", false)
}
