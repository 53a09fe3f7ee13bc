package actors_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
)

// What State tells goes with what happens.
func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a", "b", "c")
		list[2].Params = map[string]any{"opening": "hang"}
		list[2].OpenTimeout = 20 * time.Second
		b := start(t, list)
		defer b.end()
		want := func(when string, want actors.State) {
			t.Helper()
			synctest.Wait()
			if got := b.gateway.State(); got != want {
				t.Errorf("%s: %+v, want %+v", when, got, want)
			}
		}
		want("while one opens", actors.State{Link: "closed", Online: 2, Opening: 1})
		b.broker.locked(func() { b.broker.hang = true })
		time.Sleep(5 * time.Second)
		want("at the first attempt", actors.State{Link: "connecting", Online: 2, Opening: 1})
		b.broker.locked(func() { b.broker.hang = false })
		time.Sleep(10 * time.Second)
		want("after it", actors.State{Link: "down", Online: 2, Opening: 1})
		time.Sleep(2 * time.Second)
		want("connected", actors.State{Link: "connected", Online: 2, Opening: 1})
		time.Sleep(4 * time.Second)
		want("one could not be opened", actors.State{Link: "connected", Online: 2, Down: 1})
		b.arrive("home////a/me/C", "BREAK")
		want("another fails", actors.State{Link: "connected", Online: 1, Down: 2})
		time.Sleep(time.Second)
		want("and is open again", actors.State{Link: "connected", Online: 2, Down: 1})
		b.arrive("home////b/me/C", "SLEEP")
		time.Sleep(10 * time.Second)
		want("one is stuck", actors.State{Link: "connected", Online: 1, Down: 2})
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(io.EOF)
		want("link lost", actors.State{Link: "down", Online: 1, Down: 2})
		b.end()
		if got := b.gateway.State().Link; got != "closed" {
			t.Errorf("link %s after the end, want closed", got)
		}
	})
}
