package entry_test

import (
	"io"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
)

// The intercom keeps what every device has to keep.
func TestGood(t *testing.T) {
	equipment, path := serialtest.Plug(t)
	go io.Copy(io.Discard, equipment)
	devicetest.RunType(t, "entry", map[string]any{"port": path})
}
