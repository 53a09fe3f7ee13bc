package actors_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { devices.Register("addressed", openAddressed) }

// addressed answers each message with what it knows of itself, at its address. It adds "spot", and "bare" without an address.
type addressed struct{ env devices.Env }

func openAddressed(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	below := func(_ context.Context, env devices.Env) (devices.Device, error) { return addressed{env}, nil }
	if _, err := env.Add("spot", messages.Address{Function: "Audio", Location: "Attic"}, below); err != nil {
		return nil, err
	}
	_, err := env.Add("bare", messages.Address{}, below)
	return addressed{env}, err
}

func (d addressed) Handle(_ context.Context, _ messages.InternalMsg) error {
	d.env.Emit(messages.New(messages.Status, d.env.Address(), d.env.Name()+" of "+d.env.Gateway()))
	return nil
}

func (addressed) Close() error { return nil }

// A device knows its address, and messages find it by that, unless answers_to says otherwise.
func TestAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{
			{Name: "lamp", Type: "addressed", Address: config.Address{Function: "Lighting", Location: "Hall"}},
			{Name: "all", Type: "lamp"},
			{
				Name: "other", Type: "addressed", Address: config.Address{Function: "Lighting", Device: "Spot"},
				AnswersTo: config.AnswersTo{Device: []string{"Spot", "Both"}},
			},
		})
		defer b.end()
		for _, row := range []struct {
			to   string
			want []string
		}{
			{"Lighting//Hall/x", []string{"Lighting//Hall//gw/S lamp of gw"}},
			{"//Cellar/Both", []string{"Lighting///Spot/gw/S other of gw"}},
			{"Audio//Attic/x", []string{"Audio//Attic//gw/S lamp.spot of gw", "Audio//Attic//gw/S other.spot of gw"}},
			{"Heating///other.bare", []string{"///other.bare/gw/S other.bare of gw"}},
			{"Heating///x", nil},
		} {
			before := len(b.broker.published())
			b.arrive("home/"+row.to+"/me/C", "TELL")
			var got []string
			for _, line := range b.broker.published()[before:] {
				if line != "home////all/gw/S TELL" {
					got = append(got, line[len("home/"):])
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, row.want) {
				t.Errorf("to %s: %q, want %q", row.to, got, row.want)
			}
		}
	})
}

// A device is opened again as its configuration says.
func TestRetryOfADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a")
		list[0].Params = map[string]any{"opening": "fail"}
		list[0].Retry = config.Retry{Min: time.Hour, Max: time.Hour}
		b := start(t, list)
		defer b.end()
		for _, row := range []struct {
			after time.Duration
			want  int // failures so far, at least
			most  int
		}{{0, 1, 1}, {29 * time.Minute, 1, 1}, {32 * time.Minute, 2, 3}, {9 * time.Hour, 11, 21}} {
			time.Sleep(row.after)
			synctest.Wait()
			for u := range b.gateway.Watch(t.Context()) {
				for _, e := range u.Entries {
					if e.Name == "a" && (e.Failures < row.want || e.Failures > row.most) {
						t.Errorf("%v later it has failed %d times, want %d to %d", row.after, e.Failures, row.want, row.most)
					}
				}
				break
			}
		}
	})
}

func init() { devices.Register("flapper", openFlapper) }

// flapper opens, and its Run ends after a while.
type flapper struct{ lives time.Duration }

func openFlapper(_ context.Context, _ devices.Env, p struct {
	Lives time.Duration `koanf:"lives" default:"0" doc:"how long it is online"`
}) (devices.Device, error) {
	return flapper{p.Lives}, nil
}

func (flapper) Handle(context.Context, messages.InternalMsg) error { return nil }

func (f flapper) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(f.lives):
		return errors.New("no answer")
	}
}

func (flapper) Close() error { return nil }

// A device that opens and fails soon keeps its back-off: it is opened about once a minute, however long it is online before.
func TestDeviceDoesNotFlap(t *testing.T) {
	for _, row := range []struct {
		lives       time.Duration
		least, most int // openings in an hour
	}{{0, 60, 130}, {9 * time.Second, 52, 100}, {30 * time.Second, 115, 120}} {
		t.Run(row.lives.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, []config.Device{{Name: "a", Type: "flapper", Params: map[string]any{"lives": row.lives.String()}}})
				defer b.end()
				time.Sleep(time.Hour)
				synctest.Wait()
				for u := range b.gateway.Watch(t.Context()) {
					for _, e := range u.Entries {
						if e.Name == "a" && (e.Restarts < row.least || e.Restarts > row.most) {
							t.Errorf("opened again %d times in an hour, want %d to %d", e.Restarts, row.least, row.most)
						}
					}
					break
				}
			})
		})
	}
}
