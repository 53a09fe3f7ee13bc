package snmp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/gosnmp/gosnmp"
)

// agent is asked, one request at a time. A request that fails ends its socket, and the next one opens another, for which the name of
// the host is looked up anew and the files with secrets are read again.
type agent struct {
	params Params
	turn   chan struct{}  // held by who asks
	client *gosnmp.GoSNMP // guarded by turn; nil: there is none
}

func newAgent(p Params) *agent { return &agent{params: p, turn: make(chan struct{}, 1)} }

// ask makes a request. It returns when ctx ends.
func (a *agent) ask(ctx context.Context, request func(*gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error)) (*gosnmp.SnmpPacket, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a.client == nil {
		client, err := a.params.client()
		if err != nil {
			return nil, err
		}
		client.Context = ctx
		if err := client.Connect(); err != nil {
			return nil, err
		}
		a.client = client
	}
	a.client.Context = ctx
	conn := a.client.Conn // gosnmp looks at ctx between two attempts only
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	answer, err := request(a.client)
	if !stop() || err != nil {
		a.hangUp()
	}
	if err != nil {
		return nil, a.told(ctx, err)
	}
	return answer, nil
}

// hangUp ends the socket. The caller holds turn.
func (a *agent) hangUp() {
	if a.client != nil {
		a.client.Conn.Close()
		a.client = nil
	}
}

// close ends the socket for good, when nobody asks any more.
func (a *agent) close() {
	a.turn <- struct{}{}
	defer func() { <-a.turn }()
	a.hangUp()
}

// told is an error of the library as the device tells it, on one line.
func (a *agent) told(ctx context.Context, err error) error {
	from := a.params.address()
	hint := "; an agent says nothing either if the community is wrong"
	if a.params.Version.v3() {
		hint = ""
	}
	ended := ctx.Err()
	switch {
	case errors.Is(ended, context.Canceled):
		return ended
	case ended != nil:
		return fmt.Errorf("no answer from %s in time%s: %w", from, hint, ended)
	case errors.Is(err, gosnmp.ErrMaxRetriesExceeded) || errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer from %s within %s, asked %s%s", from, a.params.Timeout, times(a.params.Retries+1), hint)
	case errors.Is(err, gosnmp.ErrUnknownUsername), errors.Is(err, gosnmp.ErrWrongDigest), errors.Is(err, gosnmp.ErrDecryption),
		errors.Is(err, gosnmp.ErrUnknownSecurityLevel), strings.Contains(err.Error(), "not authentic"): // gosnmp has no error for the last
		return fmt.Errorf("%s refuses the user %q, or its passwords: %w", from, a.params.User, err)
	}
	if first, _, panicked := strings.Cut(err.Error(), " Stack:"); panicked { // gosnmp's, over an answer
		return fmt.Errorf("an answer from %s that makes no sense: %s", from, first)
	}
	return fmt.Errorf("%s: %w", from, err)
}

// times says how often.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// client returns a client that has not connected yet.
func (p *Params) client() (*gosnmp.GoSNMP, error) {
	host, port, err := net.SplitHostPort(p.address())
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	c := &gosnmp.GoSNMP{
		Target: host, Port: uint16(number), Version: gosnmp.SnmpVersion(p.Version), Timeout: p.Timeout, Retries: p.Retries, MaxOids: gosnmp.MaxOids,
	}
	if !p.Version.v3() {
		c.Community, err = secret(p.Community, p.CommunityFile)
		c.Community = cmp.Or(c.Community, "public")
		return c, err
	}
	auth, err := secret(p.Auth.Password, p.Auth.PasswordFile)
	if err != nil {
		return nil, err
	}
	priv, err := secret(p.Priv.Password, p.Priv.PasswordFile)
	if err != nil {
		return nil, err
	}
	user := &gosnmp.UsmSecurityParameters{UserName: p.User, AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv}
	c.SecurityModel, c.SecurityParameters, c.MsgFlags, c.ContextName = gosnmp.UserSecurityModel, user, gosnmp.NoAuthNoPriv, p.Context
	if auth != "" {
		c.MsgFlags, user.AuthenticationProtocol, user.AuthenticationPassphrase = gosnmp.AuthNoPriv, authProtocols[p.Auth.Protocol], auth
	}
	if priv != "" {
		c.MsgFlags, user.PrivacyProtocol, user.PrivacyPassphrase = gosnmp.AuthPriv, privProtocols[p.Priv.Protocol], priv
	}
	return c, nil
}

var (
	authProtocols = map[string]gosnmp.SnmpV3AuthProtocol{
		"md5": gosnmp.MD5, "sha": gosnmp.SHA, "sha224": gosnmp.SHA224, "sha256": gosnmp.SHA256, "sha384": gosnmp.SHA384, "sha512": gosnmp.SHA512,
	}
	privProtocols = map[string]gosnmp.SnmpV3PrivProtocol{
		"des": gosnmp.DES, "aes": gosnmp.AES, "aes192": gosnmp.AES192, "aes256": gosnmp.AES256, "aes192c": gosnmp.AES192C, "aes256c": gosnmp.AES256C,
	}
)
