package subscription

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/topic"
)

// keptList is the payload by which the broker keeps the filters of a session.
type keptList struct {
	ClientID string   `json:"client_id"`
	Filters  []string `json:"filters"`
}

// foundList is a list that arrived.
type foundList struct {
	topic   string
	filters []string
}

const (
	deepestRoot   = 8    // levels of roots below which lists are looked for
	mostOfOneList = 1000 // filters; a longer list is none of ours
)

// listTail returns how the topics of lists end, below whatever root.
func (s *Subscriptions) listTail() string { return "/$gateway/" + s.options.Name + "/filters" }

func (s *Subscriptions) listTopic() string { return s.options.Root + s.listTail() }

// keepList makes the broker keep the list of held, unless it does already.
func (r *Round) keepList(ctx context.Context) error {
	if !r.of.options.Keeps {
		return nil
	}
	b, err := json.Marshal(keptList{r.of.options.ClientID, append([]string{}, r.held...)})
	if err != nil {
		return err
	}
	if r.list == string(b) {
		return nil
	}
	if err := r.publish(ctx, r.of.listTopic(), string(b)); err != nil {
		return fmt.Errorf("list of filters: %w", err)
	}
	r.list = string(b)
	return nil
}

// publish waits until the broker has acknowledged a retained message.
func (r *Round) publish(ctx context.Context, topic, payload string) error {
	r.session.Publish(Number, mqtt.Message{Topic: topic, Payload: payload, QoS: 1, Retained: true})
	r.session.Flush()
	select {
	case err := <-r.listener.results:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// recall reads the lists that an earlier run has left. The first round of a run that does so also looks below other roots:
// only that one, for some brokers hang up on clients that subscribe to topics beyond what they are allowed.
func (r *Round) recall(ctx context.Context) error {
	places := []string{r.of.listTopic()}
	if !r.of.lookedFar.Swap(true) {
		for levels := range deepestRoot {
			places = append(places, strings.Repeat("+/", levels)+"+"+r.of.listTail())
		}
	}
	filters := make([]mqtt.Filter, len(places))
	for i, place := range places {
		filters[i] = mqtt.Filter{Topic: place}
	}
	if _, err := r.session.Subscribe(ctx, filters); err != nil {
		return fmt.Errorf("list of filters: %w", err)
	}
	patience := time.NewTimer(r.of.options.Patience)
	defer patience.Stop()
	var found []foundList
	select {
	case l := <-r.listener.lists:
		found = append(found, l)
	case <-patience.C:
		r.of.options.Log.Warn("the broker has kept a session without the list of its filters; those of an earlier run may still be in it")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := r.session.Unsubscribe(ctx, places); err != nil {
		return fmt.Errorf("list of filters: %w", err)
	}
	for len(r.listener.lists) > 0 { // those that came before the broker's answer
		found = append(found, <-r.listener.lists)
	}
	return r.takeOver(ctx, found)
}

// takeOver counts what the lists say as held, and then clears the lists below other roots.
func (r *Round) takeOver(ctx context.Context, found []foundList) error {
	for _, l := range found {
		r.held = union(r.held, slices.DeleteFunc(l.filters, func(filter string) bool { return topic.CheckFilter(filter) != nil }))
	}
	r.known = true
	if err := r.keepList(ctx); err != nil {
		return err
	}
	for _, l := range found {
		if l.topic == r.of.listTopic() {
			continue
		}
		if err := r.publish(ctx, l.topic, ""); err != nil {
			return fmt.Errorf("list of filters below another root: %w", err)
		}
	}
	return nil
}
