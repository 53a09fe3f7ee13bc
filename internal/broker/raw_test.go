package broker

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// address returns the address on which the broker listens.
func address(b *Broker) string { return b.listener.Address() }

// raw is a client that can write invalid packets.
type raw struct {
	t    *testing.T
	conn net.Conn
}

// rawClient signs in with a clean session and the given version of MQTT; properties belong to the CONNECT of version 5.
func rawClient(t *testing.T, b *Broker, version byte, id string, properties ...byte) raw {
	t.Helper()
	conn, err := net.Dial("tcp", address(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	r := raw{t, conn}
	body := "\x00\x04MQTT" + string([]byte{version}) + "\x02\x00\x00"
	if version == 5 {
		body += string(append([]byte{byte(len(properties))}, properties...))
	}
	body += text(id)
	r.write("\x10" + string([]byte{byte(len(body))}) + body)
	if kind, answer := r.packet(); kind != 0x20 || answer[1] != 0 {
		t.Fatalf("CONNECT: got %x % x", kind, answer)
	}
	return r
}

func text(s string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s }

func (r raw) write(packets string) {
	r.t.Helper()
	if _, err := io.WriteString(r.conn, packets); err != nil {
		r.t.Fatal(err)
	}
}

// packet reads a packet of less than 128 bytes.
func (r raw) packet() (kind byte, body []byte) {
	r.t.Helper()
	_ = r.conn.SetReadDeadline(time.Now().Add(limit))
	header := make([]byte, 2)
	if _, err := io.ReadFull(r.conn, header); err != nil {
		r.t.Fatal(err)
	}
	body = make([]byte, header[1])
	if _, err := io.ReadFull(r.conn, body); err != nil {
		r.t.Fatal(err)
	}
	return header[0], body
}

// subscribe subscribes at QoS 1 to a topic of one letter.
func (r raw) subscribe(topic string) {
	r.t.Helper()
	r.write("\x82\x06\x00\x01" + text(topic) + "\x01")
	if kind, answer := r.packet(); kind != 0x90 {
		r.t.Fatalf("SUBSCRIBE: got %x % x", kind, answer)
	}
}
