package integration

import (
	"flag"
	"testing"
	"time"
)

var takeover = flag.Duration("integration.takeover", 0, "how long two gateways with one client id go on at least")

// TestTakeover starts two gateways with the same client id. Both must log the cause, and must not connect often.
func TestTakeover(t *testing.T) {
	t.Parallel()
	const within, most = time.Minute, 9 // connects within that time
	const named = `level=ERROR … another client may be using the same client id … client_id=twin`
	broker := startMosquitto(t)
	began := time.Now()
	var twins []*program
	for range 2 {
		dir := t.TempDir()
		config := write(t, dir, "gateway.yaml", "mqtt: {client_id: twin}\nlog: {level: debug}"+echoing)
		twins = append(twins, start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address))
	}
	for i, twin := range twins {
		twin.saysWithin(within-time.Since(began), named)
		t.Logf("gateway %d names it after %.1f s at most", i+1, time.Since(began).Seconds())
	}
	<-time.After(*takeover - time.Since(began))
	long := time.Since(began)
	for i, twin := range twins {
		connects := len(twin.saidSince(0, `msg="link connecting"`))
		t.Logf("gateway %d has connected %d times in %.1f s", i+1, connects, long.Seconds())
		if connects > most && long <= within+time.Second {
			t.Errorf("gateway %d has connected %d times in %v, want %d times at most", i+1, connects, long, most)
		}
		twin.stop()
		twin.saysOnly("link lost", "link failed again", named, "link lost again, another client may be using the same client id",
			// The other gateway connected before the SUBACK. It is a reset if the broker had not read the SUBSCRIBE.
			"connect failed … subscribe: connection closed by the broker", "connect failed … subscribe: read tcp … connection reset by peer")
	}
}
