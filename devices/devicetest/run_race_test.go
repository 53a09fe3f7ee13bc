//go:build race

package devicetest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Run and Handle go on at the same time, so that the race detector sees what they share unguarded. It tells that of the process.
func TestPlantedRace(t *testing.T) {
	const variable = "DEVICETEST_PLANTED_RACE"
	if os.Getenv(variable) != "" {
		devicetest.Run(t, with(func(g *gadget) {
			heard := 0
			g.handle = func(g *gadget, _ context.Context, msg messages.InternalMsg) error {
				if heard++; msg.Action() == "ON" {
					return nil
				}
				return devices.ErrAction
			}
			g.run = func(g *gadget, _ context.Context) error {
				for {
					select {
					case <-g.closed:
						return nil
					case <-time.After(10 * time.Microsecond):
						heard--
					}
				}
			}
		}), nil, devicetest.Commands(on))
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPlantedRace$")
	again.Env = append(os.Environ(), variable+"=1")
	said, err := again.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "WARNING: DATA RACE") || !strings.Contains(string(said), "run_race_test.go") {
		t.Errorf("ended with %v, and said\n%s\nwant a data race", err, said)
	}
}
