package logging

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/wneessen/go-mail"
)

// check returns all faults of the options, joined.
func (o Mail) check() error {
	if o.Host == "" {
		return nil
	}
	var faults []error
	if err := mail.NewMsg().From(o.From); err != nil {
		faults = append(faults, fmt.Errorf("e-mail from %q: %w", o.From, err))
	}
	if len(o.To) == 0 {
		faults = append(faults, errors.New("e-mail to nobody: want an address"))
	}
	for _, to := range o.To {
		if err := mail.NewMsg().To(to); err != nil {
			faults = append(faults, fmt.Errorf("e-mail to %q: %w", to, err))
		}
	}
	if o.Port < 1 || o.Port > 65535 {
		faults = append(faults, fmt.Errorf("e-mail port %d: want 1 to 65535", o.Port))
	}
	return errors.Join(faults...)
}

// send is a sendFunc for the server of o.
func (o Mail) send(ctx context.Context, letters []letter) (later []letter, err error) {
	call := new(call)
	defer call.hangUp()
	defer context.AfterFunc(ctx, call.hangUp)()

	client, err := mail.NewClient(o.Host,
		mail.WithPort(o.Port),
		mail.WithTimeout(sendTime),
		mail.WithTLSPolicy(mail.TLSOpportunistic),
		// No certificate is refused. An attacker who can forge a certificate can also hide that the server offers TLS,
		// so checking the certificate would protect nobody, and an unknown certificate is better than no TLS.
		mail.WithTLSConfig(&tls.Config{ServerName: o.Host, InsecureSkipVerify: true}),
		mail.WithDialContextFunc(call.dial))
	if err != nil {
		return letters, err
	}
	messages := make([]*mail.Msg, len(letters))
	for i, l := range letters {
		if messages[i], err = o.message(l); err != nil {
			return nil, err
		}
	}
	err = client.DialAndSendWithContext(ctx, messages...)
	var first error
	for i, m := range messages {
		if m.IsDelivered() {
			continue
		}
		refused, ok := errors.AsType[*mail.SendError](m.SendError())
		if !ok || refused.ErrorCode() < 500 {
			later = append(later, letters[i])
		}
		first = cmp.Or(first, m.SendError(), err)
	}
	if first != nil && ctx.Err() != nil {
		first = fmt.Errorf("no answer from %s:%d: %w", o.Host, o.Port, ctx.Err())
	}
	return later, first
}

func (o Mail) message(l letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.Subject(l.subject)
	m.SetDateWithValue(l.at)
	m.SetBodyString(mail.TypeTextPlain, l.body)
	return m, errors.Join(m.From(o.From), m.To(l.to))
}

// call is the connection of one conversation with the server. The mail library neither closes the connection when the
// server is silent nor looks at its context once connected, so call closes it.
type call struct {
	mu     sync.Mutex
	conn   net.Conn
	hungUp bool
}

func (c *call) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hungUp {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	c.conn = conn
	return conn, nil
}

func (c *call) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hungUp = true
	if c.conn != nil {
		c.conn.Close()
	}
}
