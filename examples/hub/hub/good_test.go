package hub_test

import (
	"net"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/devicetest"
)

// The bridge keeps what every device has to keep, and so do its lamps.
func TestGood(t *testing.T) {
	b, address := plugIn(t, map[string]string{"hall": "on", "attic": "off"})
	mute, err := net.Listen("tcp", "127.0.0.1:0") // connects, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	devicetest.RunType(t, "hub", map[string]any{"address": address},
		devicetest.Mute(map[string]any{"address": mute.Addr().String()}),
		devicetest.Break(func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.conn.Close()
		}))
}
