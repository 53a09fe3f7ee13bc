package paho

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt/liveness"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// pendingFor recognizes the packets of paho's that the broker must answer.
func TestPendingFor(t *testing.T) {
	for _, tt := range []struct {
		packet []byte
		want   liveness.Pending
		ok     bool
	}{
		{append([]byte{0x32, 0xb3, 2, 0, 3, 'a', '/', 'b', 1, 2}, make([]byte, 300)...), liveness.Pending{Kind: packet.Publish, ID: 0x0102, What: "a/b"}, true},
		{[]byte{0x30, 3, 0, 1, 'a'}, liveness.Pending{}, false},
		{[]byte{0x82, 8, 0, 9, 0, 3, 'a', '/', '#', 1}, liveness.Pending{Kind: packet.Subscribe, ID: 9, What: "a/#"}, true},
		{[]byte{0xa2, 10, 0, 9, 0, 1, 'a', 0, 3, 'b', '/', '#'}, liveness.Pending{Kind: packet.Unsubscribe, ID: 9, What: "a"}, true},
		{[]byte{0x50, 2, 1, 9}, liveness.Pending{Kind: packet.Pubrec, ID: 0x0109}, true},
		{[]byte{0xc0, 0}, liveness.Pending{Kind: packet.Pingreq}, true},
		{[]byte{0x40, 2, 0, 1}, liveness.Pending{}, false},
		{[]byte{0xe0, 0}, liveness.Pending{}, false},
		{[]byte{0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 2, 'm', 'e'}, liveness.Pending{}, false},
	} {
		if got, ok := pendingFor(tt.packet); got != tt.want || ok != tt.ok {
			t.Errorf("% x: %+v, %t; want %+v, %t", tt.packet, got, ok, tt.want, tt.ok)
		}
	}
}
