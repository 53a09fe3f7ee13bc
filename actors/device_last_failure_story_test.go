package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	lives := 0
	devices.Register("mortal", func(ctx context.Context, _ devices.Env, _ struct{}) (devices.Device, error) {
		lives++
		diary.add(fmt.Sprintf("life %d after %v", lives, devices.LastFailure(ctx)))
		if lives == 2 {
			return nil, errors.New("nobody there")
		}
		return mortal{}, nil
	})
}

// mortal fails as soon as it runs.
type mortal struct{}

func (mortal) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

func (mortal) Run(context.Context) error { return errors.New("gone") }

func (mortal) Close() error { return nil }

// An opener knows what the device has failed of before.
func TestLastFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary.take()
		b := start(t, []config.Device{{Name: "m", Type: "mortal", Reply: config.ReplyNever}})
		defer b.end()
		time.Sleep(10 * time.Second)
		want := []string{"life 1 after <nil>", "life 2 after running: gone", "life 3 after opening: nobody there"}
		if got := diary.take(); len(got) < 3 || !slices.Equal(got[:3], want) {
			t.Errorf("the lives are %q, want %q", got, want)
		}
	})
}
