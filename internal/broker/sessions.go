package broker

import (
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// subscriptions returns the number of subscriptions of all clients but the gateway, with those that mochi is adding.
func (h *hooks) subscriptions() (n int) {
	for _, c := range h.server.Clients.GetAll() {
		if conn := c.Net.Conn.(*connection); !conn.own {
			n += c.State.Subscriptions.Len() + int(conn.subscribing.Load())
		}
	}
	return n
}

// makeRoom makes room for one more kept session. If there are limits.Sessions, makeRoom forgets the session whose
// client has been away for longest, and returns false if no client is away. None of others is added or removed during
// the call.
func (h *hooks) makeRoom(c *mochi.Client, others map[*connection]struct{}) bool {
	here := make(map[string]bool, len(others))
	for conn := range others {
		here[conn.id] = here[conn.id] || conn.keeps && !conn.own
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
		conn := other.Net.Conn.(*connection)
		if _, isHere := here[id]; isHere || conn.own {
			continue
		}
		kept++
		if longest == nil || conn.left.Before(since) {
			longest, since = other, conn.left
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

// OnDisconnect is called when a connection has ended, after its will was published. mochi keeps a session by keeping
// its mochi.Client, with all bytes that were to be written: megabytes if the client had just subscribed. OnDisconnect
// replaces the Client by a new one with the same session. The listener's lock keeps another connection from taking the
// session over meanwhile.
func (h *hooks) OnDisconnect(c *mochi.Client, err error, expires bool) {
	if expires {
		return
	}
	h.listener.mu.Lock()
	defer h.listener.mu.Unlock()
	conn := c.Net.Conn.(*connection)
	for other := range h.listener.signedIn {
		if other != conn && other.id == c.ID {
			return
		}
	}
	if now, _ := h.server.Clients.Get(c.ID); now != c {
		return
	}
	kept := h.server.NewClient(nil, c.Net.Listener, c.ID, false)
	kept.Net.Conn, kept.Net.Remote = conn, c.Net.Remote
	kept.Properties = c.Properties
	kept.State.Inflight, kept.State.Subscriptions = c.State.Inflight, c.State.Subscriptions
	kept.Stop(err)
	h.server.Clients.Add(kept)
}

// OnClientExpired is called when mochi has dropped a session because of its age. mochi forgets the client, but not its
// subscriptions.
func (h *hooks) OnClientExpired(c *mochi.Client) { h.forget(c) }

func (h *hooks) forget(c *mochi.Client) {
	c.ClearInflights()
	h.server.UnsubscribeClient(c)
}

// held counts the messages that are kept for a client until it has acknowledged them, also while it is away.
type held struct {
	mu    sync.Mutex
	sizes map[uint16]int // sizes of the messages by packet id
	total int
}

// add counts a message of size bytes, or returns false if there is no room for it.
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

// bookkeeping is the memory, in bytes, that mochi needs for a message in addition to its topic and payload.
const bookkeeping = 1 << 10

// OnQosPublish is called when mochi keeps a message for a client until the client has acknowledged it.
func (h *hooks) OnQosPublish(c *mochi.Client, p packets.Packet, _ int64, _ int) {
	if p.FixedHeader.Type != packets.Publish {
		return
	}
	conn, limit := c.Net.Conn.(*connection), h.limits.SessionSize
	if conn.own {
		limit = h.limits.QueueSize
	}
	if conn.held.add(p.PacketID, len(p.TopicName)+len(p.Payload)+bookkeeping, limit) {
		return
	}
	if c.State.Inflight.Delete(p.PacketID) {
		atomic.AddInt64(&h.server.Info.Inflight, -1)
	}
	h.complain("embedded broker keeps no more messages for a client until it acknowledges them", "client", c.ID, "topic", p.TopicName,
		"limit", limit, "option", "embedded.max_session_size")
}

// OnQosComplete is called when a client has acknowledged a message.
func (*hooks) OnQosComplete(c *mochi.Client, p packets.Packet) {
	c.Net.Conn.(*connection).held.remove(p.PacketID)
}

// OnQosDropped is called when mochi has dropped a message that it kept.
func (*hooks) OnQosDropped(c *mochi.Client, p packets.Packet) {
	c.Net.Conn.(*connection).held.remove(p.PacketID)
}
