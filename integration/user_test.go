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

// message is a message at the broker, as far as conversations describe it.
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

// user is a client of the broker that receives all messages, and publishes those of the test. Its session ends with the
// test.
type user struct {
	t       testing.TB
	session mqtt.Session
	heard   tape[message] // ends with the session
	said    map[message]int
	read    int // index of the first message in heard that no method has returned
}

// join connects a user, which subscribes to the filters.
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

// say publishes m, which hear then does not return.
func (u *user) say(m message) {
	heard := m
	heard.retained = false // only later subscribers get a message as retained
	u.said[heard]++
	u.mark(m)
}

// mark publishes m, which hear returns when it comes back.
func (u *user) mark(m message) {
	u.session.Publish(0, mqtt.Message{Topic: m.topic, Payload: m.payload, QoS: m.qos, Retained: m.retained})
	u.session.Flush()
}

// hear returns the next message that is neither the user's own nor about the gateway's state.
func (u *user) hear(within time.Duration) (m message, ok bool) {
	deadline := time.Now().Add(within)
	for {
		if m, ok = u.hearAny(time.Until(deadline)); !ok || !m.tellsState() {
			return m, ok
		}
	}
}

// tellsState reports whether m is about the state of a gateway.
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

// ask publishes the question, and waits for the answer. It fails the test if another message comes first.
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
