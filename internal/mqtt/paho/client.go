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

// Dial is an [mqtt.Dial].
func Dial(ctx context.Context, o mqtt.Options) (mqtt.Session, error) {
	return wire.Dial(ctx, o, connect)
}

// connect is a [wire.Connect].
func connect(ctx context.Context, w wire.Conn, o mqtt.Options) (mqtt.Session, error) {
	s := &session{options: o, quit: make(chan struct{}), gone: make(chan struct{})}
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
		<-s.conn.flushed
		if cause := s.conn.failure(); !errors.Is(cause, errGivenUp) {
			err = cause // without paho's words around it
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
		<-s.conn.flushed
		return nil, err
	}
	s.present = token.SessionPresent()
	s.begin()
	return s, nil
}

// never is longer than any session lasts.
const never = time.Duration(math.MaxInt64)

// clientOptions makes of paho what is left of it here.
func (s *session) clientOptions() *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.SetProtocolVersion(4) // Otherwise a refusal is followed by a second attempt, with version 3.
	o.SetAutoReconnect(false)
	o.SetConnectRetry(false)
	o.SetStore(noStore{})
	o.SetOrderMatters(true)
	o.SetAutoAckDisabled(true)
	o.SetPingTimeout(never)                       // judgeBroker does this, by a better rule.
	o.SetWriteTimeout(4 * s.options.WriteTimeout) // how long Publish may block; conn fails before that

	o.AddBroker("tcp://broker") // It wants one.
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
	o.SetConnectionLostHandler(s.quitted)
	return o
}
