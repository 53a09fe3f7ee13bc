package mqtt

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// echoing is a broker that sends each PUBLISH back as it came and acknowledges it, and writes in one go the answer to all
// that it has read: so what is measured is the client.
func echoing(b *testing.B) string {
	return listen(b, func(c net.Conn) {
		in, out := bufio.NewReaderSize(c, chunk), bufio.NewWriterSize(c, chunk)
		for {
			head, err := in.Peek(2) // A remaining length below 128 is all there is here.
			if err != nil {
				return
			}
			p, err := in.Peek(2 + int(head[1]))
			if err != nil {
				return
			}
			switch p[0] >> 4 {
			case packets.Connect:
				_, _ = out.Write(connack)
			case packets.Publish:
				_, _ = out.Write(p)
				if p[0]&2 != 0 {
					id := 4 + int(p[3])
					_, _ = out.Write([]byte{0x40, 2, p[id], p[id+1]})
				}
			}
			_, _ = in.Discard(len(p))
			if in.Buffered() == 0 {
				_ = out.Flush()
			}
		}
	})
}

// BenchmarkEcho measures messages that go out and come back, 80 bytes each: by the transports, and by paho as it comes
// (stock), with so many under way.
func BenchmarkEcho(b *testing.B) {
	for _, qos := range []byte{0, 1} {
		for _, window := range []int{512, 1} {
			m := Message{Topic: "home/Lighting/dummy/Kitchen/spot/me/C", Payload: string(make([]byte, 80)), QoS: qos}
			name := fmt.Sprintf("qos=%d/window=%d/", qos, window)
			b.Run(name+"direct", func(b *testing.B) { echo(b, Direct, window, m) })
			b.Run(name+"paho", func(b *testing.B) { echo(b, Paho, window, m) })
			b.Run(name+"stock", func(b *testing.B) { echoStock(b, window, m) })
		}
	}
}

func echo(b *testing.B, over Transport, window int, m Message) {
	b.ReportAllocs()
	free := make(chan struct{}, window)
	s, err := Dial(b.Context(), Options{
		Broker: "tcp://" + echoing(b), ClientID: "id", CleanSession: true, Transport: over,
		Arrived: func(m Message) { m.Ack(); <-free },
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		select {
		case free <- struct{}{}:
		default: // Whoever is going to wait has nothing more at hand.
			s.Flush()
			free <- struct{}{}
		}
		s.Publish(1, m)
	}
	s.Kill(io.EOF)
}

func echoStock(b *testing.B, window int, m Message) {
	b.ReportAllocs()
	free := make(chan struct{}, window)
	o := paho.NewClientOptions().AddBroker("tcp://" + echoing(b)).SetClientID("id").SetProtocolVersion(4)
	o.SetDefaultPublishHandler(func(paho.Client, paho.Message) { <-free })
	c := paho.NewClient(o)
	if t := c.Connect(); t.Wait() && t.Error() != nil {
		b.Fatal(t.Error())
	}
	for b.Loop() {
		free <- struct{}{}
		c.Publish(m.Topic, m.QoS, false, m.Payload)
	}
	c.Disconnect(100)
}
