package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

var mortalLives int // of the device of TestLastFailure

func init() {
	devices.Register("mortal", func(ctx context.Context, _ devices.Env, _ struct{}) (devices.Device, error) {
		mortalLives++
		diary.add(fmt.Sprintf("life %d after %v", mortalLives, devices.LastFailure(ctx)))
		if mortalLives == 2 {
			return nil, errors.New("nobody there")
		}
		return mortal{}, nil
	})
}

func init() {
	begun := time.Time{}
	devices.Register("rare", func(ctx context.Context, _ devices.Env, _ struct{}) (devices.Device, error) {
		if begun.IsZero() {
			begun = time.Now()
		}
		speaks := 5*time.Minute - time.Since(begun)%(5*time.Minute)
		listens, cancel := context.WithTimeout(ctx, speaks)
		defer cancel()
		<-listens.Done()
		if ctx.Err() != nil {
			return nil, devices.ErrSilent
		}
		return quiet{}, nil
	})
}

// quiet is a device that does nothing.
type quiet struct{}

func (quiet) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

func (quiet) Close() error { return nil }

// mortal fails as soon as it runs.
type mortal struct{}

func (mortal) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

func (mortal) Run(context.Context) error { return errors.New("gone") }

func (mortal) Close() error { return nil }

// Equipment that speaks unasked, and is silent, is listened to nearly all the time: what it says once in five minutes is heard the first time. An
// opener that listens as long as it may is not stuck.
func TestSilentEquipmentIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "r", Type: "rare", Reply: config.ReplyNever}})
		defer b.end()
		b.log.take()
		begun := time.Now()
		for !slices.Contains(b.recorded(), "r online") {
			time.Sleep(time.Second)
			if time.Since(begun) > time.Hour {
				t.Fatal("it is not heard in an hour")
			}
		}
		if took := time.Since(begun); took > 5*time.Minute+2*time.Second {
			t.Errorf("it is heard after %s", took)
		}
		if lines := mentions(b.log.take(), "WARN"); len(lines) > 6 || len(mentions(lines, "stuck")) > 0 {
			t.Errorf("the log warns of\n %s", strings.Join(lines, "\n "))
		}
	})
}

// A device that is being opened has nothing to finish: the gateway stops at once, and nothing has failed.
func TestStopDoesNotWaitForAnOpener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "r", Type: "rare", Reply: config.ReplyNever}})
		time.Sleep(10 * time.Second)
		b.log.take()
		begun := time.Now()
		b.stop()
		<-b.done
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it stops after %s", took)
		}
		if lines := mentions(b.log.take(), "WARN"); len(lines) > 0 {
			t.Errorf("the log warns of\n %s", strings.Join(lines, "\n "))
		}
		b.end()
	})
}

// An opener knows what the device has failed of before.
func TestLastFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary.take()
		mortalLives = 0
		b := start(t, []config.Device{{Name: "m", Type: "mortal", Reply: config.ReplyNever}})
		defer b.end()
		time.Sleep(10 * time.Second)
		want := []string{"life 1 after <nil>", "life 2 after running: gone", "life 3 after opening: nobody there"}
		if got := diary.take(); len(got) < 3 || !slices.Equal(got[:3], want) {
			t.Errorf("the lives are %q, want %q", got, want)
		}
	})
}
