package actors

import (
	"fmt"

	"github.com/mqttgateway/mqttgateway/mapping"
)

// Reload puts another map in force, for the same name, and leaves the link alone: the words count from the next message
// on, and the living session's subscriptions become the new map's, as those of all later sessions. What the broker
// grants is logged when it has answered, after Reload has returned. Another root is refused: what is retained below the
// old one would be there for ever. Any goroutine may call it while the gateway runs.
func (g *Gateway) Reload(codec *mapping.Codec) error {
	if !g.up.Load() {
		return errNotRunning
	}
	if was, is := g.options.Codec.Root(), codec.Root(); was != is {
		return fmt.Errorf("root %q instead of %q: another root needs a restart", is, was)
	}
	g.mapper.send(remap{codec}) // first: what a new filter brings is for the new words
	g.connection.send(remap{codec})
	return nil
}
