package subscription

import (
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/topic"
)

// setFilter returns the filter that what is set at any entity of this gateway's devices matches: root/$gateway/name/DEVICE/set/ID.
func (s *Subscriptions) setFilter() string { return Below(s.options.Root, s.options.Name) + "+/set/+" }

// SetAt returns the device and the entity of a topic root/$gateway/name/DEVICE/set/ID, and false for any other topic.
func SetAt(root, name, of string) (device, id string, ok bool) {
	for _, part := range [...]string{root, "/$gateway/", name, "/"} {
		if of, ok = strings.CutPrefix(of, part); !ok {
			return "", "", false
		}
	}
	device, id, ok = strings.Cut(of, "/set/")
	if !ok || device == "" || id == "" || topic.CheckLevel(device) != nil || topic.CheckLevel(id) != nil {
		return "", "", false
	}
	return device, id, true
}

// mostSetLosses is how many rounds in a row a broker may hang up on until setFilter is no longer asked for in this run. One may be
// the fault of the network.
const mostSetLosses = 2

// complete returns the filters of a map, and setFilter beside them unless they bring what that would bring: some brokers deliver
// a message once for each filter that matches it.
func (s *Subscriptions) complete(filters []string) []string {
	set := s.setFilter()
	if s.options.NoOwn || s.setLosses.Load() >= mostSetLosses || slices.ContainsFunc(filters, func(f string) bool { return covers(f, set) }) {
		return filters
	}
	return append(slices.Clone(filters), set)
}

// covers reports whether filter brings this client all that other would bring.
func covers(filter, other string) bool {
	share, _ := topic.CutShare(filter)
	return share == "" && topic.Matches(filter, other)
}

// noteSetLoss notes that a round has failed that asked for these filters. Some brokers hang up on clients that subscribe to
// topics beyond what they are allowed.
func (s *Subscriptions) noteSetLoss(asked []string, err error) {
	if set := s.setFilter(); slices.Contains(asked, set) && mqtt.HungUp(err) && s.setLosses.Add(1) == mostSetLosses {
		s.options.Log.Warn("the broker hangs up on the subscription to what is set below $gateway: nothing can be set there until the gateway is started again",
			"topic", set, "err", err)
	}
}

// noteSetGrant takes note of the broker's answer to setFilter, if there is one.
func (s *Subscriptions) noteSetGrant(grants []mqtt.Grant) {
	set := s.setFilter()
	for _, g := range grants {
		if g.Filter != set {
			continue
		}
		s.setLosses.Store(0)
		if g.QoS == mqtt.Refused && !s.setRefused.Swap(true) {
			s.options.Log.Info("the broker lets nothing be set below $gateway", "topic", set, "err", ErrRefused)
		}
	}
}
