package broker

import (
	"strings"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// longestText bounds topics, filters and client ids, of which the broker keeps many.
const longestText = 1 << 10

// hooks are what mochi asks and tells. The gateway itself is bound by no limit.
type hooks struct {
	mochi.HookBase
	server   *mochi.Server
	door     *door
	login    *login
	limits   Limits
	clientID string // the gateway's; "": nobody's
	reserved string // topic below which only the gateway writes; "": none
	complain func(message string, attrs ...any)
	retained *retained

	subscribing sync.Mutex // while subscriptions are counted
}

func (*hooks) ID() string { return "hooks" }

func (*hooks) Provides(b byte) bool {
	switch b {
	case mochi.OnPacketRead, mochi.OnConnectAuthenticate, mochi.OnDisconnect, mochi.OnACLCheck, mochi.OnSubscribe, mochi.OnSubscribed,
		mochi.OnPublish, mochi.OnWill, mochi.OnRetainMessage, mochi.OnRetainedExpired, mochi.OnClientExpired,
		mochi.OnQosPublish, mochi.OnQosComplete, mochi.OnQosDropped:
		return true
	}
	return false
}

// OnPacketRead takes out of CONNECT what mochi keeps without bound, or keeps badly. All of it is of MQTT 5.
func (*hooks) OnPacketRead(_ *mochi.Client, p packets.Packet) (packets.Packet, error) {
	if p.FixedHeader.Type == packets.Connect {
		p.Properties.TopicAliasMaximum = 0             // It would remember that many topics for the client.
		p.Connect.WillProperties.WillDelayInterval = 0 // It would keep a will for each client id that ever was.

		// It takes a read lock of the client's messages twice (Inflight.NextImmediate), and waits for ever if a publisher
		// wants the lock in between; so do all publishers then. Who counts gets more at once than it wished.
		p.Properties.ReceiveMaximum = 0
	}
	return p, nil
}

// OnACLCheck allows everything: what is not allowed is refused in other places, which can say more than no.
func (*hooks) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// admit is why a client that has signed in may not come in nevertheless, a packets.Code. Other guests don't come or go
// meanwhile.
func (h *hooks) admit(c *mochi.Client, g *guest, inside map[*guest]struct{}) error {
	if g.own {
		return nil
	}
	strangers := 0
	for other := range inside {
		if !other.own {
			strangers++
		}
	}
	switch will := c.Properties.Will; {
	case c.ID == h.clientID:
		h.complain("embedded broker refused a client that has the gateway's client id", "client", c.ID, "remote", c.Net.Remote)
		return packets.ErrClientIdentifierNotValid
	case len(c.ID) > longestText:
		h.complain("embedded broker refused a client whose id is too long", "remote", c.Net.Remote, "bytes", len(c.ID), "limit", longestText)
		return packets.ErrClientIdentifierNotValid
	case will.Flag != 0 && h.refuses(c, will.TopicName, "will"):
		if c.Properties.ProtocolVersion == 5 {
			return packets.ErrNotAuthorized
		}
		return packets.ErrBadUsernameOrPassword // which mochi says as "not authorized"
	case strangers >= h.limits.Clients:
		h.complain("embedded broker refused a client, for there are too many", "client", c.ID, "remote", c.Net.Remote,
			"limit", h.limits.Clients, "option", "embedded.max_clients")
		return packets.ErrServerUnavailable
	case g.keeps && !h.makeRoom(c, inside):
		return packets.ErrServerUnavailable
	}
	return nil
}

// refuses tells, and says, that a client may not write to a topic.
func (h *hooks) refuses(c *mochi.Client, topic, what string) bool {
	switch {
	case h.isReserved(topic):
		h.complain("embedded broker refused what only the gateway may say", "what", what, "client", c.ID, "remote", c.Net.Remote, "topic", topic)
	case len(topic) > longestText:
		h.complain("embedded broker refused a topic that is too long", "what", what, "client", c.ID, "remote", c.Net.Remote,
			"bytes", len(topic), "limit", longestText)
	case levels(topic) > h.limits.Levels:
		h.complain("embedded broker refused a topic of too many levels", "what", what, "client", c.ID, "remote", c.Net.Remote,
			"levels", levels(topic), "limit", h.limits.Levels, "option", "embedded.max_levels")
	default:
		return false
	}
	return true
}

// isReserved: below the gateway's own topic others may say what is to be set, and ask.
func (h *hooks) isReserved(topic string) bool {
	if h.reserved == "" {
		return false
	}
	below, ok := strings.CutPrefix(topic, h.reserved)
	if !ok || below != "" && below[0] != '/' {
		return false
	}
	return !strings.Contains(below, "/set/") && !strings.Contains(below, "/request/")
}

func levels(topic string) int { return strings.Count(topic, "/") + 1 }

// OnPublish is asked about each message. One that is refused is acknowledged nevertheless, as mosquitto does it: who
// can't be told why would send it again and again.
func (h *hooks) OnPublish(c *mochi.Client, p packets.Packet) (packets.Packet, error) {
	g := c.Net.Conn.(*guest)
	if g.own {
		return p, nil
	}
	if h.refuses(c, p.TopicName, "message") {
		return p, packets.CodeSuccessIgnore
	}
	if p.FixedHeader.Retain && !h.mayRetain(c, p.TopicName, len(p.Payload), p.FixedHeader.Remaining) {
		p.FixedHeader.Retain = false // It is delivered to those who are there.
	}
	return p, nil
}

// OnWill is asked when a will is about to be sent.
func (h *hooks) OnWill(c *mochi.Client, w mochi.Will) (mochi.Will, error) {
	if w.Retain && !c.Net.Conn.(*guest).own && !h.mayRetain(c, w.TopicName, len(w.Payload), len(w.TopicName)+len(w.Payload)) {
		w.Retain = false
	}
	return w, nil
}

func (h *hooks) mayRetain(c *mochi.Client, topic string, payload, size int) bool {
	if payload == 0 || h.retained.reserve(topic, size) { // without payload it clears
		return true
	}
	h.complain("embedded broker keeps no more retained messages", "client", c.ID, "remote", c.Net.Remote, "topic", topic,
		"limit", h.limits.Retained, "size_limit", h.limits.RetainedSize, "option", "embedded.max_retained, embedded.max_retained_size")
	return false
}

// OnRetainMessage is told when a message was retained, or cleared.
func (h *hooks) OnRetainMessage(_ *mochi.Client, p packets.Packet, _ int64) {
	h.retained.settle(p.TopicName)
}

// OnRetainedExpired is told when mochi has dropped a retained message, and left behind its place in the tree of topics.
func (h *hooks) OnRetainedExpired(topic string) {
	if _, again := h.server.Topics.Retained.Get(topic); !again {
		h.server.Topics.RetainMessage(packets.Packet{TopicName: topic})
	}
	h.retained.settle(topic)
}

// OnSubscribe takes out the filters that are refused: mochi then says of each that it isn't valid.
func (h *hooks) OnSubscribe(c *mochi.Client, p packets.Packet) packets.Packet {
	g := c.Net.Conn.(*guest)
	if g.own {
		return p
	}
	h.subscribing.Lock()
	defer h.subscribing.Unlock()
	free := h.limits.Subscriptions - h.subscriptions()
	granted := 0
	for i, s := range p.Filters {
		_, known := c.State.Subscriptions.Get(s.Filter)
		switch {
		case len(s.Filter) > longestText:
			h.complain("embedded broker refused a topic that is too long", "what", "subscription", "client", c.ID, "remote", c.Net.Remote,
				"bytes", len(s.Filter), "limit", longestText)
		case levels(s.Filter) > h.limits.Levels:
			h.complain("embedded broker refused a topic of too many levels", "what", "subscription", "client", c.ID, "remote", c.Net.Remote,
				"levels", levels(s.Filter), "limit", h.limits.Levels, "option", "embedded.max_levels")
		case !known && granted >= free:
			h.complain("embedded broker refused a subscription, for there are too many", "client", c.ID, "remote", c.Net.Remote, "filter", s.Filter,
				"limit", h.limits.Subscriptions, "option", "embedded.max_subscriptions")
		default:
			if !known {
				granted++
			}
			continue
		}
		p.Filters[i].Filter = ""
	}
	g.subscribing.Store(int64(granted))
	return p
}

// OnSubscribed is told when what OnSubscribe has left is among the client's subscriptions.
func (*hooks) OnSubscribed(c *mochi.Client, _ packets.Packet, _ []byte) {
	c.Net.Conn.(*guest).subscribing.Store(0)
}
