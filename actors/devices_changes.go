package actors

import (
	"reflect"
	"slices"

	"github.com/mqttgateway/mqttgateway/config"
)

// Changes is the difference between the devices of a gateway and those that are wanted: names, sorted, each in one list.
type Changes struct {
	Added   []string
	Removed []string
	Changed []string // there is a device of the name, with another configuration
	Kept    []string
}

// None reports whether the wanted devices are those that are there.
func (c Changes) None() bool { return len(c.Added)+len(c.Removed)+len(c.Changed) == 0 }

// changesTo returns what is to be done to a set of devices, given by their names, so that the wanted set is there.
func changesTo(present map[string]*config.Device, wanted []config.Device) (c Changes) {
	stays := make(map[string]bool, len(wanted))
	for i := range wanted {
		w := &wanted[i]
		stays[w.Name] = true
		switch is, ok := present[w.Name]; {
		case !ok:
			c.Added = append(c.Added, w.Name)
		case sameConfiguration(is, w):
			c.Kept = append(c.Kept, w.Name)
		default:
			c.Changed = append(c.Changed, w.Name)
		}
	}
	for name := range present {
		if !stays[name] {
			c.Removed = append(c.Removed, name)
		}
	}
	for _, names := range [][]string{c.Added, c.Removed, c.Changed, c.Kept} {
		slices.Sort(names)
	}
	return c
}

// sameConfiguration reports whether two configurations mean the same device. An empty list or no parameters mean the same as
// lists and parameters that were left out.
func sameConfiguration(a, b *config.Device) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Reply == b.Reply && a.Retain == b.Retain &&
		a.Timeout == b.Timeout && a.OpenTimeout == b.OpenTimeout && a.Mailbox == b.Mailbox &&
		slices.Equal(a.AnswersTo.Function, b.AnswersTo.Function) && slices.Equal(a.AnswersTo.Gateway, b.AnswersTo.Gateway) &&
		slices.Equal(a.AnswersTo.Location, b.AnswersTo.Location) && slices.Equal(a.AnswersTo.Device, b.AnswersTo.Device) &&
		(len(a.Params) == 0 && len(b.Params) == 0 || reflect.DeepEqual(a.Params, b.Params))
}
