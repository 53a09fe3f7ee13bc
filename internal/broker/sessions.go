package broker

import (
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// subscriptions counts those of all clients but the gateway, and those that are being added.
func (h *hooks) subscriptions() (n int) {
	for _, c := range h.server.Clients.GetAll() {
		if g := c.Net.Conn.(*guest); !g.own {
			n += c.State.Subscriptions.Len() + int(g.subscribing.Load())
		}
	}
	return n
}

// makeRoom sees to it that the broker may remember one session more. Of too many, the one whose client has been away
// for longest is forgotten; it is false when all of them are here. Guests don't come or go meanwhile.
func (h *hooks) makeRoom(c *mochi.Client, inside map[*guest]struct{}) bool {
	here := make(map[string]bool, len(inside))
	for g := range inside {
		here[g.id] = here[g.id] || g.keeps && !g.own
	}
	if _, known := h.server.Clients.Get(c.ID); known || here[c.ID] {
		return true
	}
	kept := 0
	for _, keeps := range here {
		if keeps {
			kept++
		}
	}
	var longest *mochi.Client
	var since time.Time
	for id, other := range h.server.Clients.GetAll() {
		g := other.Net.Conn.(*guest)
		if _, isHere := here[id]; isHere || g.own {
			continue
		}
		kept++
		if longest == nil || g.left.Before(since) {
			longest, since = other, g.left
		}
	}
	if kept < h.limits.Sessions {
		return true
	}
	if longest == nil {
		h.complain("embedded broker refused a client, for it remembers too many sessions", "client", c.ID, "remote", c.Net.Remote,
			"limit", h.limits.Sessions, "option", "embedded.max_sessions")
		return false
	}
	h.complain("embedded broker forgot the session of a client that was away, for there are too many", "client", longest.ID, "for", c.ID,
		"limit", h.limits.Sessions, "option", "embedded.max_sessions")
	h.forget(longest)
	h.server.Clients.Delete(longest.ID)
	return true
}

// OnDisconnect is told when a connection has ended, after its will. A session that is kept is kept by a mochi.Client,
// which holds what it still meant to write as well, megabytes when it had just subscribed: another one takes its place.
// Whoever takes the session over has to come through the door first, which is locked meanwhile.
func (h *hooks) OnDisconnect(c *mochi.Client, err error, expires bool) {
	if expires {
		return
	}
	h.door.mu.Lock()
	defer h.door.mu.Unlock()
	g := c.Net.Conn.(*guest)
	for other := range h.door.inside {
		if other != g && other.id == c.ID {
			return
		}
	}
	if now, _ := h.server.Clients.Get(c.ID); now != c {
		return
	}
	kept := h.server.NewClient(nil, c.Net.Listener, c.ID, false)
	kept.Net.Conn, kept.Net.Remote = g, c.Net.Remote
	kept.Properties = c.Properties
	kept.State.Inflight, kept.State.Subscriptions = c.State.Inflight, c.State.Subscriptions
	kept.Stop(err)
	h.server.Clients.Add(kept)
}

// OnClientExpired is told when a session's time is over, which mochi is about to forget without its subscriptions.
func (h *hooks) OnClientExpired(c *mochi.Client) { h.forget(c) }

func (h *hooks) forget(c *mochi.Client) {
	c.ClearInflights()
	h.server.UnsubscribeClient(c)
}

// held is what a client has not acknowledged, or is to get when it comes back.
type held struct {
	mu    sync.Mutex
	sizes map[uint16]int // by packet id
	total int
}

// add tells whether a message of that size has room.
func (h *held) add(id uint16, size, limit int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.total-h.sizes[id]+size > limit {
		return false
	}
	if h.sizes == nil {
		h.sizes = make(map[uint16]int)
	}
	h.total += size - h.sizes[id]
	h.sizes[id] = size
	return true
}

func (h *held) remove(id uint16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total -= h.sizes[id]
	delete(h.sizes, id)
}

// bookkeeping is what mochi needs for a message beside its topic and payload: most that arrive in a house are smaller.
const bookkeeping = 1 << 10

// OnQosPublish is told when a message is kept for a client until it has acknowledged it.
func (h *hooks) OnQosPublish(c *mochi.Client, p packets.Packet, _ int64, _ int) {
	if p.FixedHeader.Type != packets.Publish {
		return
	}
	g, limit := c.Net.Conn.(*guest), h.limits.SessionSize
	if g.own {
		limit = h.limits.QueueSize
	}
	if g.held.add(p.PacketID, len(p.TopicName)+len(p.Payload)+bookkeeping, limit) {
		return
	}
	if c.State.Inflight.Delete(p.PacketID) {
		atomic.AddInt64(&h.server.Info.Inflight, -1)
	}
	h.complain("embedded broker keeps no more messages for a client until it acknowledges them", "client", c.ID, "topic", p.TopicName,
		"limit", limit, "option", "embedded.max_session_size")
}

// OnQosComplete is told when a message was acknowledged.
func (*hooks) OnQosComplete(c *mochi.Client, p packets.Packet) {
	c.Net.Conn.(*guest).held.remove(p.PacketID)
}

// OnQosDropped is told when a message is kept no more.
func (*hooks) OnQosDropped(c *mochi.Client, p packets.Packet) {
	c.Net.Conn.(*guest).held.remove(p.PacketID)
}
