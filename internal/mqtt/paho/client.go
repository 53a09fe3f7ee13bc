package paho

import (
	"context"
	"errors"
	"math"
	"net"
	"net/url"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// Dial connects to a broker; it is an [mqtt.Dial].
func Dial(ctx context.Context, o mqtt.Options) (mqtt.Session, error) {
	return wire.Dial(ctx, o, connect)
}

// connect begins a session on w; it is a [wire.Connect].
func connect(ctx context.Context, w wire.Conn, o mqtt.Options) (mqtt.Session, error) {
	s := &session{options: o, pahoEnded: make(chan struct{}), gone: make(chan struct{})}
	s.conn = newConn(w, o, callbacks{
		tooLarge: func(topic string, size int) { s.call(func() { o.TooLarge(topic, size) }) },
		unasked:  func(err error) { s.call(func() { o.Unasked(err) }) },
	})
	s.client = paho.NewClient(s.clientOptions())
	s.publisher = newPublisher(s.conn, s.client, o.Published)

	stop := context.AfterFunc(ctx, func() { s.conn.fail(context.Cause(ctx)) })
	token := s.client.Connect().(*paho.ConnectToken)
	<-token.Done()
	stop()
	if err := token.Error(); err != nil {
		s.conn.fail(err)
		<-s.conn.writerEnded
		if cause := s.conn.failure(); !errors.Is(cause, errGivenUp) {
			err = cause // the cause alone, without paho's words
		}
		if !s.conn.accepted.Load() {
			err = mqtt.BeforeConnack(err)
		}
		return nil, err
	}
	if ctx.Err() != nil {
		s.conn.fail(context.Cause(ctx))
	}
	if err := s.conn.failure(); err != nil {
		s.handedOn()
		<-s.conn.writerEnded
		return nil, err
	}
	s.present = token.SessionPresent()
	s.begin()
	return s, nil
}

// never is longer than any session lasts.
const never = time.Duration(math.MaxInt64)

// clientOptions switches off everything in paho that conn, publisher and the caller of Dial do themselves.
func (s *session) clientOptions() *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.SetProtocolVersion(4) // Otherwise paho answers a refusal by a second attempt with version 3.
	o.SetAutoReconnect(false)
	o.SetConnectRetry(false)
	o.SetStore(noStore{})
	o.SetOrderMatters(true)
	o.SetAutoAckDisabled(true)
	o.SetPingTimeout(never)                       // judgeBroker judges the broker instead.
	o.SetWriteTimeout(4 * s.options.WriteTimeout) // how long Publish may block; conn's own limit is shorter

	o.AddBroker("tcp://broker") // paho wants an address.
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return s.conn, nil })
	o.SetClientID(s.options.ClientID)
	o.SetUsername(s.options.Username)
	o.SetPassword(s.options.Password)
	o.SetCleanSession(s.options.CleanSession)
	o.SetKeepAlive(s.options.KeepAlive)
	if will := s.options.Will; will != nil {
		o.SetBinaryWill(will.Topic, []byte(will.Payload), will.QoS, will.Retained)
	}
	o.SetDefaultPublishHandler(s.arrived)
	o.SetConnectionLostHandler(s.pahoStopped)
	return o
}
