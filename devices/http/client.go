package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/icholy/digest"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// client asks one device, over connections of its own. Its errors name no secret, and no query, which may be one.
type client struct {
	base     string // without a / at its end
	auth     Auth
	password string // or a token
	headers  map[string]devices.Secret
	timeout  time.Duration
	limit    int64
	kept     *http.Transport // the connections of reading
	reading  *http.Client
	writing  *http.Client
}

// newClient reads the files with secrets and certificates, so that one that was renewed counts when the device is opened again.
func newClient(p Params) (*client, error) {
	c := &client{base: strings.TrimRight(p.Base, "/"), auth: p.Auth, headers: p.Headers, timeout: p.Timeout, limit: int64(p.Limit)}
	trust, err := p.TLS.config()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	if c.password, err = p.Auth.secret(); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	// There is no proxy, since the equipment is near. A connection is kept for less than the 5 s after which many servers hang up.
	c.kept = &http.Transport{TLSClientConfig: trust, MaxIdleConnsPerHost: 2, IdleConnTimeout: 4 * time.Second, MaxResponseHeaderBytes: maxHeader}
	c.reading = &http.Client{Transport: c.signed(c.kept), CheckRedirect: sameHost}
	// Package http repeats a request on a connection that it had kept and that breaks: what is written could be done twice.
	once := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeader}
	c.writing = &http.Client{Transport: c.signed(once), CheckRedirect: noRedirect}
	return c, nil
}

const maxHeader = 64 << 10 // bytes

// signed bounds the answers that come over connections, and has requests prove who asks if a digest is to.
func (c *client) signed(over *http.Transport) http.RoundTripper {
	bounded := &limited{over, c.limit}
	if c.auth.Digest == "" {
		return bounded
	}
	return &digest.Transport{Username: c.auth.Digest, Password: c.password, Transport: bounded}
}

// close ends all connections. No request is under way any more.
func (c *client) close() { c.kept.CloseIdleConnections() }

// sameHost follows no redirect of what was not read by GET, for it would become a GET without a body, and none to where secrets have
// no business.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0]
	safer := first.URL.Scheme == next.URL.Scheme || next.URL.Scheme == "https"
	same := first.URL.Host == next.URL.Host || first.URL.Scheme != next.URL.Scheme && first.URL.Hostname() == next.URL.Hostname()
	if first.Method != http.MethodGet || !safer || !same || len(before) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// secret returns the password or the token; "" if there is none.
func (a Auth) secret() (string, error) {
	return secret(a.Password, a.PasswordFile+a.BearerFile) // one of them is empty
}

// secret returns the secret in a file, or one that is given if there is no file.
func secret(given devices.Secret, path string) (string, error) {
	if path == "" {
		return given.Reveal(), nil
	}
	text, err := files.Text(path)
	if err != nil {
		return "", err
	}
	found := strings.TrimRight(string(text), "\r\n")
	if found == "" {
		return "", fmt.Errorf("%q is empty, want a secret", path)
	}
	if strings.ContainsAny(found, "\r\n") {
		return "", fmt.Errorf("%q has several lines, want one", path)
	}
	return found, nil
}

// config returns how servers are told from others.
func (t TLS) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	pin, err := t.pin()
	switch {
	case err != nil:
		return nil, err
	case t.Insecure:
		config.InsecureSkipVerify = true
	case pin != nil:
		config.InsecureSkipVerify = true // VerifyConnection looks, with each connection
		config.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pin, state.PeerCertificates) }
	case t.CAFile != "":
		text, err := files.Text(t.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%q holds no certificate in PEM", t.CAFile)
		}
	}
	return config, nil
}

func checkPin(pin []byte, certificates []*x509.Certificate) error {
	if len(certificates) == 0 {
		return errors.New("the server has shown no certificate")
	}
	hash := sha256.Sum256(certificates[0].RawSubjectPublicKeyInfo)
	if subtle.ConstantTimeCompare(hash[:], pin) == 1 {
		return nil
	}
	return fmt.Errorf("the server has the pin %s%s, and not that of the configuration", pinPrefix, base64.StdEncoding.EncodeToString(hash[:]))
}

// limited bounds the bodies of answers, also of those that ask for a digest.
type limited struct {
	http.RoundTripper
	limit int64
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(req)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, l.limit)
	}
	return res, err
}

// request is what is asked.
type request struct {
	method string
	path   string
	body   string
	media  string // of body
	etag   string // of the answer that is known; "": none is
}

// String returns the request without the query.
func (r request) String() string {
	path, _, _ := strings.Cut(r.path, "?")
	return r.method + " " + options.Redact(path)
}

// answer is what the equipment has answered.
type answer struct {
	body []byte
	etag string
	same bool // as the one whose etag was asked with
}

// ask asks, and returns an answer of success. The error names the request.
func (c *client) ask(ctx context.Context, with *http.Client, r request) (answer, error) {
	within, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	a, err := c.exchange(within, with, r)
	switch {
	case err == nil:
		return a, nil
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case within.Err() != nil:
		err = fmt.Errorf("no answer within %s", c.timeout)
	}
	return answer{}, fmt.Errorf("%v: %w", r, told(err))
}

func (c *client) exchange(ctx context.Context, with *http.Client, r request) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, strings.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", "mqttgateway")
	for name, value := range c.headers {
		req.Header.Set(name, value.Reveal())
	}
	if r.body != "" {
		req.Header.Set("Content-Type", r.media)
	}
	if r.etag != "" {
		req.Header.Set("If-None-Match", r.etag)
	}
	if with == c.reading {
		req.Header["Idempotency-Key"] = nil // is not sent: package http repeats a POST as well whose kept connection breaks
	}
	switch {
	case c.auth.Basic != "":
		req.SetBasicAuth(c.auth.Basic, c.password)
	case c.auth.BearerFile != "":
		req.Header.Set("Authorization", "Bearer "+c.password)
	}
	res, err := with.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotModified && r.etag != "" {
		return answer{etag: r.etag, same: true}, nil
	}
	if res.StatusCode >= 300 || res.StatusCode < 200 {
		_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // so that the connection can be used again
		return answer{}, refusedBy(res)
	}
	body, err := io.ReadAll(res.Body)
	return answer{body: body, etag: res.Header.Get("ETag")}, err
}

// status is an answer that is no success.
type status string

func (s status) Error() string { return string(s) }

// refusedBy says which status the equipment has answered with.
func refusedBy(res *http.Response) status {
	text := fmt.Sprintf("status %d", res.StatusCode)
	if name := http.StatusText(res.StatusCode); name != "" {
		text += " " + name
	}
	switch to, err := res.Location(); {
	case res.StatusCode == http.StatusUnauthorized:
		text += ": want auth with another user, password or token"
	case err == nil && res.StatusCode < 400:
		text += fmt.Sprintf(" to %s://%s, which is not followed", to.Scheme, to.Host)
	}
	return status(text)
}

// told is an error of package http as the device tells it.
func told(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // without the address
	}
	large := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &large):
		return fmt.Errorf("an answer of more than %d bytes, want a higher limit", large.Limit)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the other end has hung up")
	}
	return err
}
