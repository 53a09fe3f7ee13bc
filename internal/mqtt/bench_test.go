package mqtt

import (
	"bufio"
	"io"
	"net"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// echoing is a broker that sends each PUBLISH back, reads ahead and answers in one go what it has read: so
// all that is measured is the client.
func echoing(b *testing.B) string {
	return listen(b, func(c net.Conn) {
		in, out := bufio.NewReaderSize(c, chunk), bufio.NewWriterSize(c, chunk)
		for {
			packet, err := packets.ReadPacket(in)
			if err != nil {
				return
			}
			switch p := packet.(type) {
			case *packets.ConnectPacket:
				_, _ = out.Write(connack)
			case *packets.PublishPacket:
				if p.Qos == 1 {
					_, _ = out.Write([]byte{0x40, 2, byte(p.MessageID >> 8), byte(p.MessageID)})
				}
				_ = p.Write(out)
			}
			if in.Buffered() == 0 {
				_ = out.Flush()
			}
		}
	})
}

const window = 512 // messages under way

// BenchmarkEcho measures messages that go out and come back, 100 bytes each.
func BenchmarkEcho(b *testing.B) {
	for _, qos := range []byte{0, 1} {
		name := "qos" + string('0'+rune(qos))
		m := Message{Topic: "home/Lighting/dummy/Kitchen/spot/me/C", Payload: make([]byte, 100), QoS: qos}
		b.Run("session/"+name, func(b *testing.B) {
			free := make(chan struct{}, window)
			s, err := Dial(b.Context(), Options{
				Broker: "tcp://" + echoing(b), ClientID: "id", CleanSession: true,
				Arrived: func(m Message) { m.Ack(); <-free },
			})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				free <- struct{}{}
				s.Publish(1, m)
			}
			s.Kill(io.EOF)
		})
		b.Run("paho/"+name, func(b *testing.B) {
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
		})
	}
}
