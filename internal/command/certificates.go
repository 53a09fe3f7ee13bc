package command

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// readTLS checks the files of mqtt.tls and returns the function that reads the files again for each attempt to connect,
// so that renewed certificates need no restart. The function is nil if mqtt.tls sets nothing. The error holds all that
// is wrong with the files now.
func readTLS(l *config.Loaded) (read func() (*tls.Config, error), err error) {
	t := l.Config.MQTT.TLS
	if t == (config.TLS{}) {
		return nil, nil
	}
	read = func() (*tls.Config, error) {
		c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
		var faults []error
		if filepath.IsAbs(t.CAFile) {
			var err error
			if c.RootCAs, err = readAuthorities(t.CAFile); err != nil {
				faults = append(faults, l.Fault("mqtt.tls.ca_file", err))
			}
		}
		if filepath.IsAbs(t.CertFile) && filepath.IsAbs(t.KeyFile) {
			pair, err := readPair(t.CertFile, t.KeyFile)
			for _, err := range options.Each(err) {
				fault := l.Fault("mqtt.tls.cert_file", err)
				fault.Key += " and " + l.Name("mqtt.tls.key_file")
				faults = append(faults, fault)
			}
			// The client certificate is shown whichever authorities the broker announces: the broker may trust more
			// authorities than it announces.
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		return c, errors.Join(faults...)
	}
	_, err = read()
	return read, err
}

// readAuthorities reads the certificates of the authorities to trust.
func readAuthorities(path string) (*x509.CertPool, error) {
	text, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	pool, some := x509.NewCertPool(), false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		authority, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		pool.AddCert(authority)
		some = true
	}
	if !some {
		return nil, fmt.Errorf("%q holds no certificate in PEM", path)
	}
	return pool, nil
}

// readPair reads a certificate and its private key.
func readPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, certErr := readPEM(certFile)
	key, keyErr := readPEM(keyFile)
	if keyErr == nil && isEncrypted(key) {
		keyErr = fmt.Errorf("%q is encrypted, and nobody is there to type its password: want it as \"openssl pkey -in %[1]s\" writes it", keyFile)
	}
	if err := errors.Join(certErr, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// isEncrypted reports whether text holds a private key that is encrypted, in either of OpenSSL's forms (PKCS #8 and RFC
// 1421).
func isEncrypted(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasPrefix(block.Type, "ENCRYPTED ") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
	return false
}

// readPEM reads a file in PEM, and returns an error unless each part that begins also ends. pem.Decode skips a part
// without an end: of ten authorities in a damaged file, the gateway would silently trust nine.
func readPEM(path string) ([]byte, error) {
	text, err := files.Unmarked(path)
	if err != nil {
		return nil, err
	}
	const begin = "-----BEGIN "
	for at := bytes.Index(text, []byte(begin)); at >= 0; {
		block, rest := pem.Decode(text[at:])
		end := len(text) - len(rest)
		if block == nil || bytes.Count(text[at:end], []byte(begin)) > 1 {
			return nil, fmt.Errorf("%s: what begins here is cut or broken", files.Place(path, text, at))
		}
		next := bytes.Index(rest, []byte(begin))
		if next < 0 {
			break
		}
		at = end + next
	}
	return text, nil
}

// certificate is that of the gateway's own web server. A handshake reads it again when its files have changed.
type certificate struct {
	certFile, keyFile string
	turn              chan struct{} // has a token while a handshake signs

	mu    sync.Mutex
	pair  tls.Certificate
	stamp [2]time.Time // of the files, when they were last read
	told  string       // why they could not be read, as the log says
}

// readCertificate reads the server's certificate; nil if there is none.
func readCertificate(l *config.Loaded) (*certificate, error) {
	h := l.Config.HTTP
	if !filepath.IsAbs(h.CertFile) || !filepath.IsAbs(h.KeyFile) {
		return nil, nil
	}
	c := &certificate{certFile: h.CertFile, keyFile: h.KeyFile, turn: make(chan struct{}, 1)}
	if err := c.read(); err != nil {
		return nil, eachUnder(l.Name("http.cert_file")+" and "+l.Name("http.key_file"), err)
	}
	return c, nil
}

// read reads the files unless they are those that read has read already. Beside an error the former certificate stays.
func (c *certificate) read() error {
	var stamp [2]time.Time
	for i, path := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		stamp[i] = info.ModTime()
	}
	if stamp == c.stamp {
		return nil
	}
	pair, err := readPair(c.certFile, c.keyFile)
	if err == nil {
		c.pair, c.stamp = pair, stamp
	}
	return err
}

// config returns the settings of the server. The log tells once of a renewed certificate that can't be read; the former one stays.
func (c *certificate) config(log *slog.Logger) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.read(); err == nil {
			c.told = ""
		} else if err.Error() != c.told {
			c.told = err.Error()
			log.Error("renewed certificate can't be read, the former one stays", "err", err)
		}
		pair := c.pair
		if key, ok := pair.PrivateKey.(crypto.Signer); ok {
			pair.PrivateKey = signer{key, c.turn, hello.Context()}
		}
		return &pair, nil
	}}
}

// signer is the key of a certificate in the hands of one handshake. Handshakes sign one after the other, for half of the time at most:
// anybody may begin handshakes, a signature takes a millisecond of the processor, and messages want it, too.
type signer struct {
	crypto.Signer
	turn      chan struct{}   // of the certificate
	handshake context.Context // ends with the connection, and with it the wait for the turn
}

// Sign implements crypto.Signer.
func (s signer) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	select {
	case s.turn <- struct{}{}:
	case <-s.handshake.Done():
		return nil, s.handshake.Err()
	}
	defer func() { <-s.turn }()
	began := time.Now()
	signature, err := s.Signer.Sign(rand, digest, opts)
	time.Sleep(max(time.Since(began), time.Millisecond))
	return signature, err
}
