package integration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

// message is what went over the broker, as far as the conversations care.
type message struct {
	topic, payload string
	qos            byte
	retained       bool
}

func (m message) String() string {
	options := ""
	if m.retained {
		options += "-r "
	}
	if m.qos > 0 {
		options += fmt.Sprintf("-q%d ", m.qos)
	}
	return fmt.Sprintf("%s%s %q", options, m.topic, m.payload)
}

// user is a client of the broker who hears everything and says what the test tells. Its session ends with the test.
type user struct {
	t       testing.TB
	session mqtt.Session
	heard   tape[message] // ends with the session
	said    map[message]int
	read    int // place of the first message in heard that nobody has looked at
}

// join connects a user who subscribes to the filters.
func join(t testing.TB, address string, filters ...string) *user {
	t.Helper()
	u := &user{t: t, said: make(map[message]int)}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	session, err := direct.Dial(ctx, mqtt.Options{
		Broker:       "tcp://" + address,
		CleanSession: true,
		KeepAlive:    time.Minute,
		Arrived: func(m mqtt.Message) {
			m.Ack()
			u.heard.add(message{m.Topic, m.Payload, m.QoS, m.Retained})
		},
		Lost: func(error) { u.heard.end() },
	})
	if err != nil {
		t.Fatalf("the user at %s: %v", address, err)
	}
	u.session = session
	t.Cleanup(u.leave)
	asked := make([]mqtt.Filter, len(filters))
	for i, filter := range filters {
		asked[i] = mqtt.Filter{Topic: filter, QoS: 1}
	}
	grants, err := session.Subscribe(ctx, asked)
	if err == nil && slices.ContainsFunc(grants, func(g mqtt.Grant) bool { return g.QoS != 1 }) {
		err = errors.New("refused")
	}
	if err != nil {
		t.Fatalf("the user subscribes to %q: %v", filters, err)
	}
	return u
}

func (u *user) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	u.session.Close(ctx)
}

// say publishes.
func (u *user) say(m message) {
	heard := m
	heard.retained = false // which only those see who subscribe later
	u.said[heard]++
	u.mark(m)
}

// mark publishes what hear is to return when it comes back.
func (u *user) mark(m message) {
	u.session.Publish(0, mqtt.Message{Topic: m.topic, Payload: m.payload, QoS: m.qos, Retained: m.retained})
	u.session.Flush()
}

// hear returns the next message that is not the user's own, nor tells how the gateway is.
func (u *user) hear(within time.Duration) (m message, ok bool) {
	deadline := time.Now().Add(within)
	for {
		if m, ok = u.hearAny(time.Until(deadline)); !ok || !m.tellsState() {
			return m, ok
		}
	}
}

// tellsState tells whether m is about the gateway itself.
func (m message) tellsState() bool { return strings.Contains(m.topic, "/$gateway/") }

// hearAny returns the next message that is not the user's own.
func (u *user) hearAny(within time.Duration) (m message, ok bool) {
	deadline := time.Now().Add(within)
	for {
		m, ok := u.heard.next(u.read, time.Until(deadline))
		if !ok {
			return m, false
		}
		u.read++
		if u.said[m] == 0 {
			return m, true
		}
		u.said[m]--
	}
}

// ask says something and waits for the answer, and fails the test if anything else comes before.
func (u *user) ask(within time.Duration, question, answer message) {
	u.t.Helper()
	u.say(question)
	m, ok := u.hear(within)
	if !ok {
		u.t.Fatalf("after %v nothing came, want %v", question, answer)
	}
	if m != answer {
		u.t.Fatalf("after %v came %v, want %v", question, m, answer)
	}
}
