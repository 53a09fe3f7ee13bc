package devicetest_test

import (
	"context"
	"flag"
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	_ "github.com/mqttgateway/mqttgateway/devices/dummy"
	"github.com/mqttgateway/mqttgateway/messages"
)

var times = flag.Int("good.times", 3, "how often each good device is tried out in a bubble")

// Run finds no fault in good devices, in a bubble and out of it, however often: -good.times=100 has shown it.
func TestGood(t *testing.T) {
	for _, row := range []struct {
		name string
		run  func(t testing.TB)
	}{
		{"gadget", func(t testing.TB) { devicetest.Run(t, with(func(*gadget) {}), nil, gadgetOptions...) }},
		{"gadget, by its type", func(t testing.TB) {
			devicetest.RunType(t, "gadget", nil, append(gadgetOptions, devicetest.Lives(20))...)
		}},
		{"boiler", func(t testing.TB) { devicetest.Run(t, openBoiler, map[string]any{"location": "Attic"}) }},
		{"listener", func(t testing.TB) { devicetest.RunType(t, "listener", nil) }},
		{"dummy that is silent", func(t testing.TB) {
			devicetest.RunType(t, "dummy", map[string]any{"port": "none", "interval": 0, "echo": true}, devicetest.Commands(on), devicetest.AnyAction())
		}},
		{"dummy that speaks", func(t testing.TB) {
			devicetest.RunType(t, "dummy", map[string]any{"port": "none", "interval": "100ms"}, devicetest.AnyAction())
		}},
		{"actor", func(t testing.TB) { devicetest.RunType(t, "actor", nil, devicetest.Commands(on)) }},
		{"actor that answers later", func(t testing.TB) {
			devicetest.Run(t, actors.Opener(func(context.Context, devices.Env, gadgetParams) (actor.Actor, error) {
				return receiver(func(c actor.Context) {
					if r, ok := c.Message().(*actors.Request); ok && r.Msg.Action() == "ON" {
						r.Later()
						go r.Answer(nil)
					} else if ok {
						r.Answer(devices.ErrAction)
					}
				}), nil
			}), nil, devicetest.Commands(on))
		}},
		{"one that has a library keep something for the process", func(t testing.TB) {
			var once sync.Once
			done := make(chan struct{})
			defer close(done)
			devicetest.Run(t, with(func(*gadget) {
				once.Do(func() {
					go func() { <-done }()
					if f, err := os.Open(os.DevNull); err == nil {
						hoarded.Store(f, true)
					}
				})
			}), nil, gadgetOptions...)
			closeHoarded()
		}},
		{"one whose equipment is given back when the context of its opener ends", func(t testing.TB) {
			devicetest.Run(t, func(ctx context.Context, env devices.Env, p gadgetParams) (devices.Device, error) {
				givenBack := make(chan struct{})
				defer context.AfterFunc(ctx, func() { close(givenBack) })()
				g, err := newGadget(ctx, env, p)
				if err != nil {
					return nil, err
				}
				g.run = func(g *gadget, ctx context.Context) error {
					select {
					case <-givenBack:
						return errBroken
					case <-g.cut:
						return errBroken
					case <-g.closed:
						return nil
					}
				}
				return g, nil
			}, nil, gadgetOptions...)
		}},
		{"hub", func(t testing.TB) {
			devicetest.Run(t, with(func(g *gadget) {
				for _, name := range []string{"hall", "attic"} {
					if _, err := g.env.Add(name, messages.Address{Location: name}, func(ctx context.Context, env devices.Env) (devices.Device, error) {
						return newGadget(ctx, env, gadgetParams{})
					}); err != nil {
						t.Error(err)
					}
				}
			}), nil, gadgetOptions...)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.run(t)
			for range *times {
				synctest.Test(t, func(t *testing.T) {
					plug.forget() // channels of no bubble
					row.run(t)
					plug.forget()
				})
				if t.Failed() {
					break
				}
			}
		})
	}
}

func (e *equipment) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cuts = nil
}
