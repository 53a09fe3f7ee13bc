package broker

import (
	"strings"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// longestText is the longest topic, filter or client id in bytes: the broker keeps many of them.
const longestText = 1 << 10

// hooks are the functions that mochi calls to ask whether something is allowed, and to tell what has happened. No limit
// applies to the gateway itself.
type hooks struct {
	mochi.HookBase
	server   *mochi.Server
	listener *listener
	login    *login
	limits   Limits
	clientID string // the gateway's; "": none
	reserved string // topic below which only the gateway publishes; "": none
	complain func(message string, attrs ...any)
	retained *retained

	subscribing sync.Mutex // held while subscriptions are counted and granted
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

// OnPacketRead clears the properties of an MQTT 5 CONNECT that mochi keeps without bound or implements badly.
func (*hooks) OnPacketRead(_ *mochi.Client, p packets.Packet) (packets.Packet, error) {
	if p.FixedHeader.Type == packets.Connect {
		p.Properties.TopicAliasMaximum = 0             // mochi would keep as many topics for the client.
		p.Connect.WillProperties.WillDelayInterval = 0 // mochi would keep a will for each client id that was ever used.

		// mochi's Inflight.NextImmediate takes the read lock of the client's messages twice. If a publisher asks for
		// the write lock in between, both wait for ever, and all other publishers with them. The price of clearing the
		// property is that a client may get more messages at a time than it asked for.
		p.Properties.ReceiveMaximum = 0
	}
	return p, nil
}

// OnACLCheck allows everything. Other hooks refuse what is not allowed, and log the reason.
func (*hooks) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// admit returns nil, or the packets.Code with which a client is refused although its password is right. others are the
// other connections that have signed in; none is added or removed during the call.
func (h *hooks) admit(c *mochi.Client, conn *connection, others map[*connection]struct{}) error {
	if conn.own {
		return nil
	}
	strangers := 0
	for other := range others {
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
		return packets.ErrBadUsernameOrPassword // mochi sends this code as "not authorized"
	case strangers >= h.limits.Clients:
		h.complain("embedded broker refused a client, for there are too many", "client", c.ID, "remote", c.Net.Remote,
			"limit", h.limits.Clients, "option", "embedded.max_clients")
		return packets.ErrServerUnavailable
	case conn.keeps && !h.makeRoom(c, others):
		return packets.ErrServerUnavailable
	}
	return nil
}

// refuses reports whether a client may not publish on a topic, and logs the refusal.
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

// isReserved reports whether only the gateway may publish on a topic: a topic below the reserved topic without a level
// set or request.
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

// OnPublish refuses messages. A refused message is acknowledged nevertheless, as mosquitto does: the reason can't be
// told to a client of MQTT 3.1.1, which would send the message again and again.
func (h *hooks) OnPublish(c *mochi.Client, p packets.Packet) (packets.Packet, error) {
	conn := c.Net.Conn.(*connection)
	if conn.own {
		return p, nil
	}
	if h.refuses(c, p.TopicName, "message") {
		return p, packets.CodeSuccessIgnore
	}
	if p.FixedHeader.Retain && !h.mayRetain(c, p.TopicName, len(p.Payload), p.FixedHeader.Remaining) {
		p.FixedHeader.Retain = false // The message is still delivered to subscribers.
	}
	return p, nil
}

// OnWill is called when a will is about to be published.
func (h *hooks) OnWill(c *mochi.Client, w mochi.Will) (mochi.Will, error) {
	if w.Retain && !c.Net.Conn.(*connection).own && !h.mayRetain(c, w.TopicName, len(w.Payload), len(w.TopicName)+len(w.Payload)) {
		w.Retain = false
	}
	return w, nil
}

func (h *hooks) mayRetain(c *mochi.Client, topic string, payload, size int) bool {
	if payload == 0 || h.retained.reserve(topic, size) { // an empty message deletes the retained one
		return true
	}
	h.complain("embedded broker keeps no more retained messages", "client", c.ID, "remote", c.Net.Remote, "topic", topic,
		"limit", h.limits.Retained, "size_limit", h.limits.RetainedSize, "option", "embedded.max_retained, embedded.max_retained_size")
	return false
}

// OnRetainMessage is called when a message was retained, or cleared.
func (h *hooks) OnRetainMessage(_ *mochi.Client, p packets.Packet, _ int64) {
	h.retained.update(p.TopicName)
}

// OnRetainedExpired is called when mochi has dropped a retained message. mochi leaves the topic's node in its tree;
// retaining an empty message removes the node.
func (h *hooks) OnRetainedExpired(topic string) {
	if _, again := h.server.Topics.Retained.Get(topic); !again {
		h.server.Topics.RetainMessage(packets.Packet{TopicName: topic})
	}
	h.retained.update(topic)
}

// OnSubscribe replaces each refused filter by "": mochi then answers it with a failure.
func (h *hooks) OnSubscribe(c *mochi.Client, p packets.Packet) packets.Packet {
	conn := c.Net.Conn.(*connection)
	if conn.own {
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
	conn.subscribing.Store(int64(granted))
	return p
}

// OnSubscribed is called when mochi has added the filters that OnSubscribe has granted.
func (*hooks) OnSubscribed(c *mochi.Client, _ packets.Packet, _ []byte) {
	c.Net.Conn.(*connection).subscribing.Store(0)
}
