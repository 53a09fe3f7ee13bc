package subscription

import (
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/topic"
)

// setFilter returns the filter that what is set at any entity of this gateway's devices matches: root/$gateway/name/DEVICE/set/ID.
func (s *Subscriptions) setFilter() string { return Below(s.options.Root, s.options.Name) + "+/set/+" }

// requestFilter returns the filter that what people ask of this gateway matches: root/$gateway/name/request/WHAT.
func (s *Subscriptions) requestFilter() string {
	return Below(s.options.Root, s.options.Name) + "request/+"
}

// own returns the filters below root/$gateway/name that are wanted whatever the map says.
func (s *Subscriptions) own() []string {
	if s.options.Admin {
		return []string{s.setFilter(), s.requestFilter()}
	}
	return []string{s.setFilter()}
}

func (s *Subscriptions) isOwn(filter string) bool { return slices.Contains(s.own(), filter) }

// RequestAt returns what is asked at a topic root/$gateway/name/request/WHAT, and false for any other topic.
func RequestAt(root, name, of string) (what string, ok bool) {
	what, ok = strings.CutPrefix(of, Below(root, name)+"request/")
	return what, ok && what != "" && topic.CheckLevel(what) == nil
}

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

// mostSetLosses is how many rounds in a row a broker may hang up on until the own filters are no longer asked for in this run. One may be
// the fault of the network.
const mostSetLosses = 2

// complete returns the filters of a map, and beside them those own filters of which they do not bring what these would bring: some
// brokers deliver a message once for each filter that matches it.
func (s *Subscriptions) complete(filters []string) []string {
	if s.options.NoOwn || s.setLosses.Load() >= mostSetLosses {
		return filters
	}
	whole := filters
	for _, own := range s.own() {
		if !slices.ContainsFunc(filters, func(f string) bool { return covers(f, own) }) {
			whole = append(slices.Clip(whole), own)
		}
	}
	return whole
}

// covers reports whether filter brings this client all that other would bring.
func covers(filter, other string) bool {
	share, _ := topic.CutShare(filter)
	return share == "" && topic.Matches(filter, other)
}

// noteSetLoss notes that a round has failed that asked for these filters. Some brokers hang up on clients that subscribe to
// topics beyond what they are allowed.
func (s *Subscriptions) noteSetLoss(asked []string, err error) {
	if slices.ContainsFunc(asked, s.isOwn) && mqtt.HungUp(err) && s.setLosses.Add(1) == mostSetLosses {
		s.options.Log.Warn("the broker hangs up on the subscription to what is set below $gateway: nothing can be set there until the gateway is started again",
			"topic", s.setFilter(), "err", err)
	}
}

// noteSetGrant takes note of the broker's answers to the own filters, if there are any.
func (s *Subscriptions) noteSetGrant(grants []mqtt.Grant) {
	for _, g := range grants {
		if !s.isOwn(g.Filter) {
			continue
		}
		s.setLosses.Store(0)
		switch set := s.setFilter(); {
		case g.QoS != mqtt.Refused:
		case g.Filter != set && !s.requestRefused.Swap(true):
			s.options.Log.Warn("the broker lets nothing be asked of the gateway, which mqtt.admin is for", "topic", g.Filter, "err", ErrRefused)
		case g.Filter == set && !s.setRefused.Swap(true):
			s.options.Log.Info("the broker lets nothing be set below $gateway", "topic", set, "err", ErrRefused)
		}
	}
}
