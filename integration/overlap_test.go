package integration

import (
	"strings"
	"syscall"
	"testing"
)

// TestOverlap uses a broker that delivers a message once for each filter that matches it, as some brokers do. Of
// filters of which one covers the others, only that one is subscribed, also in a persistent session in which the broker
// has kept all of them.
func TestOverlap(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t, "allow_duplicate_messages true")
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", strings.Replace(reloadable, "qos: 1", "qos: 1, clean_session: false", 1))
	topics := func(list string) { write(t, dir, "gw.map", strings.Replace(worded("home", "on"), "[]", list, 1)) }
	run := func() *program {
		t.Helper()
		p := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address, "--log.level=debug")
		p.says("msg=connected ")
		return p
	}
	u := listens(t, broker)
	once := func(function string) message {
		m := tell(function, "on")
		m.qos = 0 // otherwise the broker might send it again to the gateway that is killed
		return m
	}
	arrive := func(p *program, function string, want int) {
		t.Helper()
		began := p.lines.len()
		u.ask(patience, once(function), echo(function, "on"))
		for range want - 1 {
			if m, ok := u.hear(patience); !ok || m != echo(function, "on") {
				t.Fatalf("answered with %v, %t, want the answer %d times", m, ok, want)
			}
		}
		u.ask(patience, once("last"), echo("last", "on"))
		p.saysSince(began, `msg="message in" topic=home/last////me/C`) // the answer may come before the test has read the log
		if n := len(p.saidSince(began, `msg="message in" topic=home/`+function+`////me/C`)); n != want {
			t.Errorf("a message arrived %d times, want %d", n, want)
		}
	}

	// Neither filter covers the other: both are needed, and this broker delivers twice.
	topics(`["home/+////+/C", "home/lighting/#", "home/audio/+/+/+/+/+"]`)
	gateway := run()
	gateway.says("msg=subscribed topic=home/audio/+/+/+/+/+")
	arrive(gateway, "lighting", 2)

	topics(`["home/+////+/C", "home/lighting/#", "home/audio/+/+/+/+/+", "home/#"]`)
	gateway.signal(syscall.SIGHUP)
	gateway.says("msg=subscribed topic=home/#")
	gateway.says("msg=unsubscribed topic=home/+////+/C")
	gateway.says("msg=unsubscribed topic=home/audio/+/+/+/+/+")
	arrive(gateway, "lighting", 1)

	topics(`["home/+////+/C", "home/lighting/#", "home/lighting/gw/#"]`)
	gateway.signal(syscall.SIGHUP)
	gateway.says("msg=subscribed topic=home/+////+/C")
	gateway.says("msg=unsubscribed topic=home/#")
	arrive(gateway, "lighting", 2)
	gateway.signal(syscall.SIGKILL)
	gateway.exit()

	// The session is kept, and the covering filter is new.
	topics(`["home/+////+/C", "home/lighting/#", "home/+/+/+/+/+/+"]`)
	gateway = run()
	gateway.says("msg=unsubscribed topic=home/+////+/C")
	arrive(gateway, "audio", 1)
	arrive(gateway, "lighting", 2)
	gateway.stop()
	gateway.saysOnly()
}
