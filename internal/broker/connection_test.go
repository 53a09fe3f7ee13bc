package broker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Publishers do not wait for a subscriber that has stopped reading. The broker cuts the subscriber's connection,
// although it sends PINGREQ all the time.
func TestStoppedReader(t *testing.T) {
	b, said := limited(t, Limits{})
	var stopped []raw
	for _, id := range []string{"first", "second", "third"} {
		r := rawClient(t, b, 4, id)
		r.subscribe("a")
		stopped = append(stopped, r)
	}
	reader := dial(t, b, "reader", true)
	reader.subscribe(t, "a")
	p := dialGateway(t, b)
	const n = 400
	for range n {
		p.publish(t, mqtt.Message{Topic: "a", Payload: string(make([]byte, 64<<10)), QoS: 1})
		next(t, reader.arrived, "message to who reads")
	}
	said.complains(t, "cut off a client that has stopped reading")
	for _, r := range stopped {
		_ = r.conn.SetReadDeadline(time.Now().Add(limit))
		if got, err := io.Copy(io.Discard, r.conn); errors.Is(err, os.ErrDeadlineExceeded) || got >= n*64<<10 {
			t.Errorf("read %d bytes and then %v, want some and the end", got, err)
		}
	}
	awaits(t, "nothing is queued for those who are gone", func() bool { return b.listener.queued.Load() == 0 })
}

// Of many clients that read too slowly, the broker cuts off those for which most bytes are queued.
func TestQueueSize(t *testing.T) {
	said := new(lines)
	b, err := Start(Options{Address: "127.0.0.1:0", Limits: Limits{QueueSize: 4 << 20, Clients: 10}, Log: slog.New(said)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	r := rawClient(t, b, 4, "slow")
	r.subscribe("a")
	reader := dial(t, b, "reader", true)
	reader.subscribe(t, "a")
	p := dial(t, b, "publisher", true)
	for range 200 {
		p.publish(t, mqtt.Message{Topic: "a", Payload: string(make([]byte, 64<<10))})
		next(t, reader.arrived, "message to who reads")
		if queued := b.listener.queued.Load(); queued > 5<<20 {
			t.Fatalf("%d bytes are queued", queued)
		}
	}
	said.complains(t, "cut off a client that reads too slowly")
}

// The broker cuts off a client that sends requests and reads no answers. The answers are large, for a kernel whose buffer is full of
// small ones may stop the requests, too.
func TestStoppedReaderOfAnswers(t *testing.T) {
	t.Parallel()
	b, said := limited(t, Limits{QueueSize: 1 << 20, Clients: 1})
	r := rawClient(t, b, 4, "asks")
	large := text("a") + strings.Repeat("x", 100_000)
	r.write("\x31" + string(binary.AppendUvarint(nil, uint64(len(large)))) + large)
	for range 1000 {
		if _, err := io.WriteString(r.conn, "\x82\x06\x00\x01"+text("a")+"\x00"); err != nil {
			break // the broker has hung up
		}
	}
	said.complains(t, "cut off a client that ")
}

// A client of MQTT 5 announces how many messages it takes at a time. mochi's bookkeeping of that number sometimes waits
// for itself, and makes every publisher wait, so the broker must clear the property.
func TestReceiveMaximum(t *testing.T) {
	b, _ := limited(t, Limits{})
	r := rawClient(t, b, 5, "five", 0x21, 0, 20)
	r.write("\x82\x07\x00\x01\x00" + text("a") + "\x01")
	go func() { // ends with the broker
		in, out := bufio.NewReader(r.conn), bufio.NewWriter(r.conn)
		for {
			kind, err := in.ReadByte()
			if err != nil {
				return
			}
			length, err := in.ReadByte()
			if err != nil { // the broker has ended within the packet
				return
			}
			body := make([]byte, length)
			if _, err := io.ReadFull(in, body); err != nil {
				return
			}
			if kind&0xf0 == 0x30 { // topic a takes three bytes; the packet identifier follows
				_, _ = out.WriteString("\x40\x02" + string(body[3:5]))
			}
			if in.Buffered() == 0 {
				_ = out.Flush()
			}
		}
	}()
	var publishing sync.WaitGroup
	for i := range 4 {
		p := dial(t, b, fmt.Sprint("publisher", i), true)
		publishing.Go(func() {
			for range 50 {
				for range 100 {
					p.Publish(0, mqtt.Message{Topic: "a", Payload: "x", QoS: 1})
				}
				p.Flush()
				for range 100 {
					if err := <-p.published; err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { publishing.Wait(); close(done) }()
	next(t, done, "end of publishing")
}
