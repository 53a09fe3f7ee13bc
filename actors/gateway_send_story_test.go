package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// A message that a person sends goes to the broker as it is, in its place among all others, and comes back from there alone.
func TestSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("lamp"))
		defer b.end()
		b.broker.locked(func() { b.broker.qos, b.broker.retained = make(map[string]byte), make(map[string]string) })
		for _, row := range []struct {
			topic  string
			qos    byte
			retain bool
			err    string
		}{
			{topic: "home////lamp/me/C"},
			{topic: "elsewhere/x", qos: 1, retain: true},
			{topic: "home/$gateways/x"},
			{topic: "", err: "is empty"},
			{topic: "home/+/x", err: "holds the wildcard +"},
			{topic: "home/$gateway", err: "is for gateways to say"},
			{topic: "home/$gateway/gw/state", err: "is for gateways to say"},
			{topic: "home/$gateway/other/lamp/set/x", err: "is for gateways to say"},
			{topic: "$SYS/broker/log", err: "such topics are the broker's own"},
			{topic: "$share/group/x", qos: 1, err: "such topics are the broker's own"},
			{topic: "x", qos: 2, err: "QoS 2: want 0 or 1"},
		} {
			receipt, err := b.gateway.Send(row.topic, "ON", row.qos, row.retain)
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) {
					t.Errorf("%q: %v, want %q", row.topic, err, row.err)
				}
				b.wantNews(row.topic)
				continue
			}
			if err != nil {
				t.Fatalf("%q: %v", row.topic, err)
			}
			<-receipt.Done()
			b.wantNews(row.topic, row.topic+" ON")
			b.broker.locked(func() {
				if qos := b.broker.qos[row.topic]; qos != row.qos || (b.broker.retained[row.topic] == "ON") != row.retain {
					t.Errorf("%q: sent at QoS %d, retained %q", row.topic, qos, b.broker.retained)
				}
			})
		}
	})
}

// What is sent while the link is down waits, and is lost only when the outbox has no room for it.
func TestSendWithoutABroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("lamp"), func(o *actors.Options) { o.Outbox.Messages = 2 })
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(errRefused)
		synctest.Wait()
		var receipts []devices.Receipt
		for i := range 3 {
			r, err := b.gateway.Send("x", fmt.Sprint(i), 1, false)
			if err != nil {
				t.Fatal(err)
			}
			receipts = append(receipts, r)
		}
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(time.Minute)
		b.wantNews("connected again", "x 1", "x 2")
		for i, r := range receipts {
			<-r.Done()
			if err := r.Err(); errors.Is(err, devices.ErrDropped) != (i == 0) {
				t.Errorf("%d: %v", i, err)
			}
		}
		b.end()
		if _, err := b.gateway.Send("x", "", 0, false); err == nil {
			t.Error("sent after the end")
		}
	})
}

// What a person has the broker retain outlives the process in the spool, and no device has said it: nobody clears it.
func TestSendIsSpooled(t *testing.T) {
	dir := t.TempDir()
	down := func(o *actors.Options) {
		spooled(dir)(o)
		o.State, o.Dial = dir, func(context.Context, mqtt.Options) (mqtt.Session, error) { return nil, errRefused }
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil, down)
		if _, err := b.gateway.Send("home////other/gw/S", "ON", 1, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.end()
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil, spooled(dir), func(o *actors.Options) { o.State = dir })
		time.Sleep(time.Hour)
		b.wantNews("the next process", "home////other/gw/S ON")
		b.end()
		b.wantNews("and its end")
	})
}
