package actors

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// notes is how one session has the broker remember which filters it holds for the gateway: MQTT has no way to ask, and
// nobody else outlives the gateway together with the session. It is a retained message:
//
//	topic    root/$gateway/name/filters
//	payload  {"client_id":"…","filters":["home/#"]}
//
// One that somebody has forged makes the gateway give back filters that it does not want anyway.
type notes struct {
	topic    string
	name     string
	clientID string
	far      *atomic.Bool  // the lists below other roots have been looked for
	lists    chan recalled // that arrived
	sent     chan error    // outcomes of our own publications
	patience time.Duration // with the broker, for the list
}

// recalled is a list that arrived.
type recalled struct {
	topic   string
	filters []string
}

// noted is the payload.
type noted struct {
	ClientID string   `json:"client_id"`
	Filters  []string `json:"filters"`
}

const (
	noteOrder   = math.MaxUint64 // the number of our own publications, which no other has
	recallWait  = time.Second    // at most, for the list of a session that was kept
	deepestRoot = 8              // levels of roots below which lists are looked for
	maxRecalled = 1000           // filters that a list may have
)

// newNotes returns nil if the broker keeps nothing.
func (c *connection) newNotes() *notes {
	if c.Session.CleanSession {
		return nil
	}
	n := &notes{
		name: c.Codec.Name(), clientID: c.Session.ClientID, far: &c.far,
		lists: make(chan recalled, deepestRoot+1), sent: make(chan error, 1),
	}
	n.topic = c.Codec.Root() + n.tail()
	n.patience = min(recallWait, c.Link.Timeout/4)
	return n
}

func (n *notes) tail() string { return "/$gateway/" + n.name + "/filters" }

// arrived takes what is a list of ours. It is called by the session, and doesn't block; nil takes nothing.
func (n *notes) arrived(m mqtt.Message) (taken bool) {
	if n == nil || !strings.HasSuffix(m.Topic, n.tail()) {
		return false
	}
	m.Ack()
	var read noted
	if !m.Retained || json.Unmarshal([]byte(m.Payload), &read) != nil || read.ClientID != n.clientID || len(read.Filters) > maxRecalled {
		return true
	}
	select {
	case n.lists <- recalled{m.Topic, read.Filters}:
	default: // nobody waits for it
	}
	return true
}

// published takes the outcome of what notes have published. It is called by the session; nil takes nothing.
func (n *notes) published(order uint64, err error) (taken bool) {
	if n == nil || order != noteOrder {
		return false
	}
	n.sent <- err // there is room: publish waits for each
	return true
}

// publish waits until the broker has acknowledged a retained message.
func (n *notes) publish(ctx context.Context, s mqtt.Session, topic, payload string) error {
	s.Publish(noteOrder, mqtt.Message{Topic: topic, Payload: payload, QoS: 1, Retained: true})
	s.Flush()
	select {
	case err := <-n.sent:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// remember has the broker keep the list of held, unless it does already.
func (r *round) remember(ctx context.Context) error {
	if r.notes == nil {
		return nil
	}
	b, err := json.Marshal(noted{r.notes.clientID, append([]string{}, r.held...)})
	if err != nil {
		return err
	}
	if r.note == string(b) {
		return nil
	}
	if err := r.notes.publish(ctx, r.session, r.notes.topic, string(b)); err != nil {
		return fmt.Errorf("list of filters: %w", err)
	}
	r.note = string(b)
	return nil
}

// recall reads what an earlier run has left. The first time it also looks below other roots, for the map may have had
// another; only then, for there are brokers that hang up on who subscribes to what is not his.
func (r *round) recall(ctx context.Context) error {
	places := []string{r.notes.topic}
	if !r.notes.far.Swap(true) {
		for levels := range deepestRoot {
			places = append(places, strings.Repeat("+/", levels)+"+"+r.notes.tail())
		}
	}
	filters := make([]mqtt.Filter, len(places))
	for i, topic := range places {
		filters[i] = mqtt.Filter{Topic: topic}
	}
	if _, err := r.session.Subscribe(ctx, filters); err != nil {
		return fmt.Errorf("list of filters: %w", err)
	}
	patience := time.NewTimer(r.notes.patience)
	defer patience.Stop()
	var found []recalled
	select {
	case l := <-r.notes.lists:
		found = append(found, l)
	case <-patience.C:
		r.log.Warn("the broker has kept a session without the list of its filters; those of an earlier run may still be in it")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := r.session.Unsubscribe(ctx, places); err != nil {
		return fmt.Errorf("list of filters: %w", err)
	}
	for len(r.notes.lists) > 0 { // they came before the broker's answer
		found = append(found, <-r.notes.lists)
	}
	return r.takeOver(ctx, found)
}

// takeOver adds what lists say to what is held, and then clears those below other roots.
func (r *round) takeOver(ctx context.Context, found []recalled) error {
	for _, l := range found {
		r.held = union(r.held, slices.DeleteFunc(l.filters, isNoFilter))
	}
	r.sure = true
	if err := r.remember(ctx); err != nil {
		return err
	}
	for _, l := range found {
		if l.topic == r.notes.topic {
			continue
		}
		if err := r.notes.publish(ctx, r.session, l.topic, ""); err != nil {
			return fmt.Errorf("list of filters below another root: %w", err)
		}
	}
	return nil
}

func isNoFilter(s string) bool {
	_, _, err := mapping.Plain("", []string{s})
	return err != nil
}
