package command

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/files"
)

// readTLS returns nil if nothing is set, for the defaults. The certificate that the gateway shows is read again with
// each handshake, so that a renewed one needs no restart.
func readTLS(l *config.Loaded) (*tls.Config, error) {
	t := l.Config.MQTT.TLS
	if t == (config.TLS{}) {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	var faults []error
	if filepath.IsAbs(t.CAFile) {
		c.RootCAs = x509.NewCertPool()
		pem, err := files.Read(t.CAFile)
		if err == nil && !c.RootCAs.AppendCertsFromPEM(pem) {
			err = fmt.Errorf("%q holds no certificate in PEM", t.CAFile)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", l.Name("mqtt.tls.ca_file"), err))
		}
	}
	if filepath.IsAbs(t.CertFile) && filepath.IsAbs(t.KeyFile) {
		read := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := readPair(t.CertFile, t.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("%s and %s: %w", l.Name("mqtt.tls.cert_file"), l.Name("mqtt.tls.key_file"), err)
			}
			return &pair, nil
		}
		if _, err := read(nil); err != nil {
			faults = append(faults, err)
		}
		c.GetClientCertificate = read
	}
	return c, errors.Join(faults...)
}

// readPair reads a certificate and its key.
func readPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := files.Read(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := files.Read(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
