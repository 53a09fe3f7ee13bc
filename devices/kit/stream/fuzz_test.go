package stream_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
)

// Whatever equipment sends, as text or as documents, the device goes on, and what it says is what a gateway lets out: Close finds
// nothing that was refused but values that are none of their entities'.
func FuzzHear(f *testing.F) {
	f.Add([]byte("MV505\nPWON\nB1\n{\"t\":1.5,\"on\":true}\n"))
	f.Add([]byte("MV\xff\xfe\n{\"t\":\"\\ud800\"}\n[1e999]\n"))
	const points = `
points:
  - {id: volume, match: '^MV(?P<v>\d\d)(?P<half>5?)$', value: '(.v|tonumber) + (if .half == "" then 0 else 0.5 end)'}
  - {id: power, match: '^PW(.*)$', kind: bool}
  - {id: text, match: '^T(.*)$', kind: text}
  - {id: twice, value: '$volume * 2'}
then: [{match: '^B', emit: {action: BELL}}]`
	const documents = `
decode: json
points:
  - {id: t, value: .t}
  - {id: on, value: .on, kind: bool}
  - {id: text, value: '.a[0].b // .c', kind: text}`
	f.Fuzz(func(t *testing.T, bytes []byte) {
		for _, yaml := range []string{points, documents} {
			equipment, conn := net.Pipe()
			raw := read(t, "frame: {end: \"\\n\"}"+yaml)
			d := devicetest.StartWith(t, func(ctx context.Context, env devices.Env, p params) (devices.Device, error) {
				return stream.Open(ctx, env, p.Params, p.Frame.Framing(), conn)
			}, raw)
			_ = equipment.SetDeadline(time.Now().Add(time.Minute))
			if _, err := equipment.Write(bytes); err != nil {
				t.Errorf("it does not hear %q: %v", bytes, err)
			}
			if err := d.Failure(0); err != nil {
				t.Errorf("%q ends it: %v", bytes, err)
			}
			equipment.Close()
			_ = d.Failure(time.Minute) // it has heard all
			_ = d.Close()
		}
	})
}
