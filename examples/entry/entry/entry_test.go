package entry_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/devices/kit/serial/serialtest"
	"github.com/mqttgateway/mqttgateway/examples/entry/entry"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The intercom keeps what every device has to keep.
func TestRules(t *testing.T) {
	equipment, path := serialtest.Plug(t)
	go io.Copy(io.Discard, equipment) // until it is unplugged
	devicetest.Run(t, entry.Open, map[string]any{"port": path}, devicetest.Commands(messages.New(messages.Command, gate, "GATE_OPEN")))
}

var gate = messages.Address{Function: "Security", Location: "gate_entry", Device: "Gate"}

// Each pair that the intercom says becomes statuses, and a gate that opens a command to the light as well.
func TestHears(t *testing.T) {
	equipment, path := serialtest.Plug(t)
	intercom := devicetest.Start(t, "entry", map[string]any{"port": path})
	for _, row := range []struct {
		says string
		want []string
	}{
		{"", []string{`S Security//gate_entry/Bell: STATE {"bell":null}`, `S Security//gate_entry/Gate: STATE {"gate":null}`}},
		{"11", []string{`S Security//gate_entry/Bell: STATE {"bell":true}`, `S Security//gate_entry/Bell: BELL_ON`}},
		{"10", []string{`S Security//gate_entry/Bell: STATE {"bell":false}`, `S Security//gate_entry/Bell: BELL_OFF`}},
		{"21", []string{`S Security//gate_entry/Gate: STATE {"gate":true}`, `S Security//gate_entry/Gate: GATE_OPEN`, `C Lighting//gate_entry/: LIGHT_ON`}},
		{"20", []string{`S Security//gate_entry/Gate: STATE {"gate":false}`, `S Security//gate_entry/Gate: GATE_CLOSE`}},
	} {
		fmt.Fprint(equipment, row.says)
		for _, want := range row.want {
			if got, err := intercom.Next(10 * time.Second); err != nil || got.Msg.String() != want {
				t.Errorf("%s: emitted %v, %v; want %s", row.says, got.Msg, err, want)
			}
		}
	}
}

func TestOpensTheGate(t *testing.T) {
	equipment, path := serialtest.Plug(t)
	intercom := devicetest.Start(t, "entry", map[string]any{"port": path})
	if err := intercom.Handle(messages.New(messages.Command, gate, "GATE_OPEN")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 2)
	if _, err := io.ReadFull(equipment, got); err != nil || string(got) != "21" {
		t.Errorf("the intercom is told %q, %v; want 21", got, err)
	}
	for _, action := range []string{"GATE_CLOSE", "BELL_ON", "MAKE_COFFEE"} {
		if err := intercom.Handle(messages.New(messages.Command, gate, action)); !errors.Is(err, devices.ErrAction) && !errors.Is(err, devices.ErrNotMine) {
			t.Errorf("%s: %v, want that it is refused", action, err)
		}
	}
}

// What the intercom can't mean is reported. When it is unplugged the device fails, and the gateway opens it again.
func TestTroubles(t *testing.T) {
	equipment, path := serialtest.Plug(t)
	intercom, err := devicetest.Open("entry", map[string]any{"port": path})
	if err != nil {
		t.Fatal(err)
	}
	defer intercom.Close() // with an error, for Run has failed
	fmt.Fprint(equipment, "3111")
	for range 3 { // what it knows of bell and gate at first, and then the bell
		if _, err := intercom.Next(10 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(intercom.Reports()); got != `[the intercom says "31", want 10, 11, 20 or 21]` {
		t.Errorf("reported %s", got)
	}
	equipment.Close()
	if err := intercom.Failure(10 * time.Second); !errors.Is(err, serial.ErrGone) {
		t.Errorf("unplugged, it fails with %v, want %v", err, serial.ErrGone)
	}
}
