package probe

import (
	"context"
	"crypto/sha256"
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

	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// HTTP is what is asked of equipment with a web server, and how.
type HTTP struct {
	URL           string
	Basic, Digest string // users; at most one of them is set
	PasswordFile  string // of the user
	BearerFile    string
	CAFile        string
	Pin           string // sha256/…; "": none
	Insecure      bool
	Timeout       time.Duration
}

// Page is what was answered.
type Page struct {
	Status string
	Code   int
	Took   time.Duration
	Type   string // media type
	ETag   string
	To     string // where it redirects to
	Asks   string // for which proof of who asks
	Body   []byte
	TLS    *Certificate // nil: without TLS
}

// Certificate is what a server has shown.
type Certificate struct {
	Pin     string // for the option tls.pin
	Subject string
	Until   time.Time
	Trusted error // nil: by the system, or the CA that was given
}

// mostBody is how much of an answer is read.
const mostBody = 1 << 20

// Check returns all that is wrong with what is to be asked, without naming a secret.
func (h HTTP) Check() error {
	var faults []error
	u, err := url.Parse(h.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		faults = append(faults, fmt.Errorf("%q, want an address such as http://10.0.0.20/status", options.RedactAddress(h.URL)))
	case u.User != nil:
		faults = append(faults, errors.New("the address holds a user, want --basic or --digest with --password-file"))
	case u.Scheme == "http" && (h.CAFile != "" || h.Pin != "" || h.Insecure):
		faults = append(faults, errors.New("--ca-file, --pin and --insecure are for https"))
	}
	given := 0
	for _, user := range []string{h.Basic, h.Digest, h.BearerFile} {
		if user != "" {
			given++
		}
	}
	if given > 1 {
		faults = append(faults, errors.New("want one of --basic, --digest and --bearer-file"))
	}
	if (h.Basic+h.Digest != "") != (h.PasswordFile != "") {
		faults = append(faults, errors.New("want --password-file with --basic or --digest, and only then"))
	}
	return errors.Join(faults...)
}

// Get asks. An answer that is no success is no error. If the server's certificate is not trusted nothing was asked, and the page has the
// certificate beside the error.
func (h HTTP) Get(ctx context.Context) (*Page, error) {
	secret, err := h.secret()
	if err != nil {
		return nil, err
	}
	page := new(Page)
	trust, err := h.trust(page)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: h.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if h.Digest != "" {
		client.Transport = &digest.Transport{Username: h.Digest, Password: secret, Transport: transport}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return nil, errors.New("this is no address")
	}
	req.Header.Set("User-Agent", "mqttgateway")
	switch {
	case h.Basic != "":
		req.SetBasicAuth(h.Basic, secret)
	case h.BearerFile != "":
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	begun := time.Now()
	res, err := client.Do(req)
	if err != nil {
		if page.TLS == nil {
			page = nil
		}
		return page, unaddressed(err)
	}
	defer res.Body.Close()
	page.Body, err = io.ReadAll(io.LimitReader(res.Body, mostBody))
	page.Took = time.Since(begun)
	page.Status, page.Code, page.Type, page.ETag = res.Status, res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("ETag")
	page.Asks, _, _ = strings.Cut(res.Header.Get("WWW-Authenticate"), " ")
	if to, noRedirect := res.Location(); noRedirect == nil {
		page.To = options.RedactAddress(to.String())
	}
	return page, unaddressed(err)
}

// unaddressed returns an error of package http without the address, which may hold secrets.
func unaddressed(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// secret reads the password or the token.
func (h HTTP) secret() (string, error) {
	path := h.PasswordFile + h.BearerFile // one of them is empty
	if path == "" {
		return "", nil
	}
	return Secret(path)
}

// Secret reads a file that holds a secret and nothing else.
func Secret(path string) (string, error) {
	text, err := files.Text(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%q: want one line, with a secret", path)
	}
	return secret, nil
}

// trust returns how the server is told from others. It notes on the page which certificate the server has shown.
func (h HTTP) trust(page *Page) (*tls.Config, error) {
	u, err := url.Parse(h.URL)
	if err != nil {
		return nil, errors.New("this is no address")
	}
	var roots *x509.CertPool // nil: the system's
	if h.CAFile != "" {
		text, err := files.Text(h.CAFile)
		if err != nil {
			return nil, err
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%q holds no certificate in PEM", h.CAFile)
		}
	}
	verify := func(state tls.ConnectionState) error {
		shown := state.PeerCertificates
		others := x509.NewCertPool()
		for _, c := range shown[1:] {
			others.AddCert(c)
		}
		_, err := shown[0].Verify(x509.VerifyOptions{DNSName: u.Hostname(), Roots: roots, Intermediates: others})
		hash := sha256.Sum256(shown[0].RawSubjectPublicKeyInfo)
		page.TLS = &Certificate{
			Pin: "sha256/" + base64.StdEncoding.EncodeToString(hash[:]), Subject: shown[0].Subject.String(), Until: shown[0].NotAfter, Trusted: err,
		}
		switch {
		case h.Insecure:
			return nil
		case h.Pin != "":
			if page.TLS.Pin != h.Pin {
				return fmt.Errorf("the server has the pin %s, and not the one that was given", page.TLS.Pin)
			}
			return nil
		case err != nil:
			return fmt.Errorf("the certificate of the server is not trusted: %w", err)
		}
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: verify}, nil // verify looks, with each connection
}

// String shows the certificate.
func (c *Certificate) String() string {
	how := "trusted"
	if c.Trusted != nil {
		how = "not trusted: " + c.Trusted.Error()
	}
	return fmt.Sprintf("certificate %s until %s, %s\npin         %s\n", brief(c.Subject), c.Until.Format(time.DateOnly), how, c.Pin)
}

// String shows the answer without its body.
func (p *Page) String() string {
	text := fmt.Sprintf("%s in %d ms, %d bytes", p.Status, p.Took.Milliseconds(), len(p.Body))
	for _, more := range []struct{ what, is string }{{"", p.Type}, {"ETag ", p.ETag}, {"to ", p.To}} {
		if more.is != "" {
			text += ", " + more.what + more.is
		}
	}
	if p.Code == http.StatusUnauthorized && p.Asks != "" {
		text += ", asks for " + strings.ToLower(p.Asks)
	}
	text += "\n"
	if p.TLS != nil {
		text += p.TLS.String()
	}
	return text
}

// DeviceYAML returns a device for the configuration that reads the leaves of a document, or a text.
func (h HTTP) DeviceYAML(page *Page, all []Leaf, isText bool) string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "devices:\n  - name: equipment\n    type: http\n    params:\n      base: %s://%s\n", u.Scheme, u.Host)
	switch {
	case h.Basic != "":
		fmt.Fprintf(&b, "      auth: {basic: %s, password_file: %s}\n", YAML(h.Basic), YAML(h.PasswordFile))
	case h.Digest != "":
		fmt.Fprintf(&b, "      auth: {digest: %s, password_file: %s}\n", YAML(h.Digest), YAML(h.PasswordFile))
	case h.BearerFile != "":
		fmt.Fprintf(&b, "      auth: {bearer_file: %s}\n", YAML(h.BearerFile))
	}
	switch {
	case h.CAFile != "":
		fmt.Fprintf(&b, "      tls: {ca_file: %s}\n", YAML(h.CAFile))
	case page.TLS != nil && page.TLS.Trusted != nil:
		fmt.Fprintf(&b, "      tls: {pin: %s}\n", yamlQuoted(page.TLS.Pin))
	}
	shown, comment := options.Redact(u.RequestURI()), ""
	if shown != u.RequestURI() {
		comment = "   # what is hidden here has to be typed"
	}
	fmt.Fprintf(&b, "      reads:\n        - get: %s%s\n          every: 10s\n", yamlQuoted(shown), comment)
	if isText {
		fmt.Fprintf(&b, "          decode: text\n          points:\n            - {id: heard, kind: text, match: '^(.+)'}\n")
	} else {
		fmt.Fprintf(&b, "          points:\n%s", pointsOf(all, "            "))
	}
	return b.String()
}
