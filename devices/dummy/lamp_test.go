package dummy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

var lampOn = messages.New(messages.Command, messages.Address{}, "LIGHT_ON")

// A dummy keeps what every device has to keep, with its equipment and without.
func TestRules(t *testing.T) {
	devicetest.Run(t, Open, map[string]any{"port": simulated}, devicetest.Commands(lampOn), devicetest.AnyAction())
	devicetest.Run(t, Open, map[string]any{"port": "none"}, devicetest.Commands(lampOn), devicetest.AnyAction())
}

func TestLampIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := devicetest.Start(t, "dummy", map[string]any{"port": simulated, "interval": 0})
		for _, row := range []struct {
			id   string
			set  any
			want any
		}{{"on", true, true}, {"on", "OFF", false}, {"level", 40, 40}, {"level", "55", 55}} {
			if err := d.Set(row.id, row.set); err != nil {
				t.Errorf("%s to %v: %v", row.id, row.set, err)
			}
			if err := d.Await(row.id, row.want, time.Second); err != nil {
				t.Error(err)
			}
		}
		if err := d.Set("level", 101); !errors.Is(err, devices.ErrAction) {
			t.Errorf("level 101: %v, want that it is refused", err)
		}
		if err := d.Handle(lampOn); err != nil {
			t.Error(err)
		}
		if err := d.Await("on", true, time.Second); err != nil {
			t.Error(err)
		}
	})
}

// Somebody uses the switch of the lamp, once an interval.
func TestLampSpeaksUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := devicetest.Start(t, "dummy", map[string]any{"port": simulated, "interval": "1m"})
		for _, on := range []bool{false, true, false} {
			if err := d.Await("on", on, time.Minute+time.Second); err != nil {
				t.Error(err)
			}
		}
	})
}

// open opens a lamp whose equipment the test plays.
func open(t *testing.T) (d *devicetest.Device, equipment net.Conn) {
	t.Helper()
	here, equipment := net.Pipe()
	t.Cleanup(func() { equipment.Close() })
	go fmt.Fprint(equipment, "on false\nlevel 100\n")
	return devicetest.StartWith(t, func(ctx context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
		return openLamp(ctx, dummy{env: env}, here)
	}, nil), equipment
}

// A lamp that takes nothing fails when the time for it is over.
func TestWriteThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := open(t)
		if err := d.Handle(lampOn); !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a write that hangs ends with %v", err)
		}
	})
}

// What the lamp says wrongly is reported; when it hangs up, the device fails.
func TestLampIsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, equipment := open(t)
		fmt.Fprint(equipment, "on 7\ncolour red\n")
		synctest.Wait()
		if got, err := d.Value("on"); err == nil {
			t.Errorf("on is %v, want that it is unknown", got)
		}
		if got := fmt.Sprint(d.Reports()); got != `[the equipment says "colour red", want on or level]` {
			t.Errorf("reported %s", got)
		}
		equipment.Close()
		if err := d.Failure(time.Second); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("failed with %v", err)
		}
	})
}

// A connection with nobody behind it is no lamp.
func TestSilentEquipment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		env := devicetest.Start(t, "dummy", map[string]any{"port": "none", "interval": 0})
		if d, err := openLamp(ctx, dummy{env: env}, here); err == nil {
			t.Errorf("opened %v", d)
		}
	})
}
