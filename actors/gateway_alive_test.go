package actors_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
)

// alive asks with a second's patience.
func (b *bench) alive() error {
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Second)
	defer cancel()
	return b.gateway.Alive(ctx)
}

func TestAliveFromStartToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle := &bench{t: t, broker: &fakeBroker{}, log: &lines{}}
		var err error
		if idle.gateway, err = actors.New(idle.options(lamps("a"))); err != nil {
			t.Fatal(err)
		}
		if idle.alive() == nil {
			t.Error("a gateway that has not started is alive")
		}

		b := start(t, lamps("a"), func(o *actors.Options) { o.Dial = (&fakeBroker{down: errRefused}).dial })
		if err := b.alive(); err != nil {
			t.Errorf("a gateway whose broker is away is not alive: %v", err)
		}
		b.end()
		if b.alive() == nil {
			t.Error("a gateway that has stopped is alive")
		}
	})
}

// An actor that is down is named, and alive again when it is back.
func TestAliveNamesWhoIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("message finds no device")
		b := start(t, lamps("a"), change)
		defer b.end()
		armed.Store(true)
		b.arrive("home////nobody/me/C", "ON") // the mapper is left alone for half a second at least
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var asking sync.WaitGroup
		for range 10 {
			asking.Go(func() {
				err := b.gateway.Alive(ctx)
				if err == nil || !strings.Contains(err.Error(), "mapper") || strings.Contains(err.Error(), "connection") {
					t.Errorf("got %v, want the mapper named alone", err)
				}
			})
		}
		asking.Wait()
		time.Sleep(2 * time.Second)
		if err := b.alive(); err != nil {
			t.Errorf("the mapper is back, and still: %v", err)
		}
	})
}
