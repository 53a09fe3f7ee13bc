package integration

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// unruly is a client that does what no client should, until it has finished or ctx is done.
type unruly struct {
	ctx     context.Context
	address string
	random  *rand.Rand
}

var unrulyKinds = []struct {
	name string
	do   func(*unruly)
}{
	{"says nothing", func(u *unruly) {
		var conns []io.Closer
		for range u.random.IntN(150) {
			if c := u.dial(); c != nil {
				conns = append(conns, c)
				u.send(c, u.connect(4, "half", true)[:u.random.IntN(10)])
			}
		}
		u.pause(3 * time.Second)
		for _, c := range conns {
			c.Close()
		}
	}},
	{"stops reading", func(u *unruly) {
		c := u.signIn(4, u.name(), u.random.IntN(2) == 0)
		if c == nil {
			return
		}
		defer c.Close()
		u.send(c, subscribe(4, 1, []string{"#", "junk/#", "home/#"}[u.random.IntN(3)]))
		if u.random.IntN(2) == 0 { // it still sends PINGREQs
			for u.ctx.Err() == nil && u.send(c, strings.Repeat("\xc0\x00", 1+u.random.IntN(100))) {
				u.pause(100 * time.Millisecond)
			}
		}
		<-u.ctx.Done()
	}},
	{"reads slowly", func(u *unruly) {
		c := u.signIn(4+byte(u.random.IntN(2)), u.name(), true)
		if c == nil {
			return
		}
		defer c.Close()
		u.send(c, subscribe(4, 1, "#"))
		for u.ctx.Err() == nil && u.reads(c, u.random.IntN(50_000)) {
			u.pause(100 * time.Millisecond)
		}
	}},
	{"subscribes", func(u *unruly) {
		u.session(func(c net.Conn) {
			for range u.random.IntN(20) {
				filters := make([]string, 1+u.random.IntN(300))
				for i := range filters {
					filters[i] = u.topic(30) + []string{"", "/#", "/+", "/+/+/#"}[u.random.IntN(4)]
				}
				if !u.send(c, subscribe(4, 1, filters...)) {
					return
				}
			}
		})
	}},
	{"retains", func(u *unruly) {
		u.session(func(c net.Conn) {
			for range u.random.IntN(300) {
				if !u.send(c, publish(0x31, u.topic(12), strings.Repeat("r", u.random.IntN(5000)))) {
					return
				}
			}
		})
	}},
	{"goes deep", func(u *unruly) {
		u.session(func(c net.Conn) {
			for range u.random.IntN(20) {
				topic := strings.Repeat("/d", u.random.IntN(30_000))
				if !u.send(c, publish(0x31, "junk"+topic, "x")) || !u.send(c, subscribe(4, 1, "junk"+topic)) {
					return
				}
			}
		})
	}},
	{"steals the client id", func(u *unruly) {
		if c := u.signIn(4+byte(u.random.IntN(2)), "gw", u.random.IntN(2) == 0); c != nil {
			c.Close()
		}
	}},
	{"speaks in the gateway's name", func(u *unruly) {
		u.session(func(c net.Conn) {
			u.send(c, publish(0x31, "home/$gateway/gw/state", "offline"))
			u.send(c, publish(0x31, "home/$gateway/gw/state", ""))
			u.send(c, publish(0x31, "home/$gateway/gw/p0/state", "offline: says who?"))
		})
	}},
	{"comes once and has all kept", func(u *unruly) {
		if c := u.signIn(4, u.name(), false); c != nil {
			u.send(c, subscribe(4, 1, "#", u.topic(5), "home/#"))
			u.pause(100 * time.Millisecond)
			c.Close()
		}
	}},
	{"floods", func(u *unruly) {
		u.session(func(c net.Conn) {
			for i := range u.random.IntN(200) {
				payload := strings.Repeat("f", u.random.IntN(60_000))
				if u.random.IntN(2) == 0 {
					payload = string([]byte{0, byte(i + 1)}) + payload
					if !u.send(c, publish(0x32, "junk/flood", payload)) {
						return
					}
				} else if !u.send(c, publish(0x30, "junk/flood", payload)) {
					return
				}
			}
		})
	}},
	{"talks rubbish", func(u *unruly) {
		if c := u.dial(); c != nil {
			defer c.Close()
			rubbish := make([]byte, u.random.IntN(5000))
			for i := range rubbish {
				rubbish[i] = byte(u.random.Uint32())
			}
			if u.random.IntN(2) == 0 {
				u.send(c, u.connect(4, u.name(), true))
			}
			u.send(c, string(rubbish))
			u.pause(50 * time.Millisecond)
		}
	}},
}

func (u *unruly) name() string { return fmt.Sprint("unruly", u.random.Uint32()) }

// topic returns a topic below junk.
func (u *unruly) topic(deepest int) string {
	levels := make([]string, 1+u.random.IntN(deepest))
	for i := range levels {
		levels[i] = fmt.Sprint(u.random.IntN(1000))
	}
	return "junk/" + strings.Join(levels, "/")
}

func (u *unruly) pause(most time.Duration) {
	select {
	case <-u.ctx.Done():
	case <-time.After(time.Duration(u.random.Int64N(int64(most)))):
	}
}

func (u *unruly) dial() net.Conn {
	c, err := (&net.Dialer{}).DialContext(u.ctx, "tcp", u.address)
	if err != nil {
		return nil
	}
	deadline, _ := u.ctx.Deadline()
	_ = c.SetDeadline(deadline)
	return c
}

// signIn returns nil if the broker refuses the client.
func (u *unruly) signIn(version byte, id string, clean bool) net.Conn {
	c := u.dial()
	if c == nil {
		return nil
	}
	answer := make([]byte, 4)
	if !u.send(c, u.connect(version, id, clean)) {
		c.Close()
		return nil
	}
	if _, err := io.ReadFull(c, answer); err != nil || answer[3] != 0 {
		c.Close()
		return nil
	}
	return c
}

// session runs do beside a client that reads all that comes.
func (u *unruly) session(do func(net.Conn)) {
	c := u.signIn(4, u.name(), true)
	if c == nil {
		return
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = io.Copy(io.Discard, c)
	}()
	do(c)
	u.pause(200 * time.Millisecond)
	c.Close()
	<-over
}

func (u *unruly) send(c net.Conn, packets string) bool {
	_, err := io.WriteString(c, packets)
	return err == nil
}

func (u *unruly) reads(c net.Conn, n int) bool {
	_, err := io.CopyN(io.Discard, c, int64(n))
	return err == nil
}

func (u *unruly) connect(version byte, id string, clean bool) string {
	flags := byte(0)
	if clean {
		flags = 2
	}
	body := "\x00\x04MQTT" + string([]byte{version, flags, 0, 0})
	if version == 5 {
		body += "\x03\x21\x00\x14" // as mosquitto's clients do: 20 messages at a time
	}
	return packet(0x10, body+text(id))
}

func subscribe(version, qos byte, filters ...string) string {
	body := "\x00\x07"
	if version == 5 {
		body += "\x00"
	}
	for _, f := range filters {
		body += text(f) + string([]byte{qos})
	}
	return packet(0x82, body)
}

// publish makes a PUBLISH with the given first byte. Above QoS 0 the payload begins with the packet's identifier.
func publish(first byte, topic, payload string) string { return packet(first, text(topic)+payload) }

func text(s string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s }

func packet(first byte, body string) string {
	return string(binary.AppendUvarint([]byte{first}, uint64(len(body)))) + body // a Uvarint is MQTT's remaining length
}
