package integration

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ask runs a command that speaks to the running gateway, and returns what it prints.
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

// diff tells what reload does, and both tell what is wrong with a configuration, which changes nothing.
func TestDiffAndReload(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	base := reloadable + "health: {socket: h.sock}\n"
	config := write(t, dir, "gateway.yaml", strings.Replace(base, "qos: 1", "qos: 1, broker: 'tcp://"+broker.address+"'", 1))
	asks := func(command, stdout, stderr string, good bool) {
		t.Helper()
		out, faults, ended := ask(t, command, config)
		if out != stdout || !pattern(stderr).MatchString(faults) || stderr == "" && faults != "" || ended != good {
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
		asks(command, "", `map file "…": 1:2: /root: …`, false)
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
	gateway.stop()
	gateway.saysOnly("configuration refused")
	asks("reload", "", "no gateway listens: …", false)
}
