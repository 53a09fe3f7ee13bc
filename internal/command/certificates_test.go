package command

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

// newPair makes a certificate and its private key, both in PEM.
func newPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: serial}, &x509.Certificate{}, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM("CERTIFICATE", der), inPEM("PRIVATE KEY", keyDER)
}

func inPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

const withTLS = "mqtt: {broker: 'ssl://h:1', tls: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem, server_name: other}}\n"

// loadTLS loads gw.yaml in the working directory, and the files that mqtt.tls names.
func loadTLS(t *testing.T) (func() (*tls.Config, error), error) {
	t.Helper()
	l, err := config.Load(config.Sources{Path: "gw.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	return readTLS(l)
}

// A certificate that is renewed while the gateway runs is used for the next attempt to connect, and so are authorities.
func TestCertificatesAreReadAgain(t *testing.T) {
	certificate, key := newPair(t)
	folder(t, map[string]string{"ca.pem": certificate, "cert.pem": certificate, "key.pem": key, "gw.yaml": withTLS})
	read, err := loadTLS(t)
	if err != nil {
		t.Fatal(err)
	}
	wantTLS(t, read, certificate)
	renewed, newKey := newPair(t)
	for name, text := range map[string]string{"ca.pem": renewed, "cert.pem": renewed, "key.pem": newKey} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantTLS(t, read, renewed)
	if err := os.Remove("key.pem"); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); err == nil || !strings.Contains(err.Error(), "mqtt.tls.key_file: open ") {
		t.Errorf("without the key: %v", err)
	}
}

// wantTLS calls read, and checks that the result shows the certificate and trusts it.
func wantTLS(t *testing.T, read func() (*tls.Config, error), certificate string) {
	t.Helper()
	c, err := read()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(certificate))
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM([]byte(certificate))
	if !c.RootCAs.Equal(trusted) || c.ServerName != "other" || c.MinVersion != tls.VersionTLS12 {
		t.Errorf("got %+v", c)
	}
	if shown, err := c.GetClientCertificate(nil); err != nil || !bytes.Equal(shown.Certificate[0], block.Bytes) {
		t.Errorf("it shows %+v, %v", shown, err)
	}
}

func TestCertificatesThatCannotBe(t *testing.T) {
	certificate, key := newPair(t)
	_, otherKey := newPair(t)
	body := strings.TrimPrefix(key, "-----BEGIN PRIVATE KEY-----\n")
	for name, row := range map[string]struct {
		file, text string
		want       string // parts of the error, one a line
	}{
		"none":                      {"ca.pem", "nothing\n", `mqtt.tls.ca_file: "/…/ca.pem" holds no certificate in PEM`},
		"a key to trust":            {"ca.pem", key, "holds no certificate in PEM"},
		"one of two is cut":         {"ca.pem", certificate + certificate[:200], `ca.pem:9:1: what begins here is cut or broken`},
		"one of two is broken":      {"ca.pem", strings.Replace(certificate, "M", "!", 1) + certificate, `ca.pem:1:1: what begins here is cut or broken`},
		"one of two is none":        {"ca.pem", certificate + inPEM("CERTIFICATE", []byte("x")), `ca.pem": x509: `},
		"chain that is cut":         {"cert.pem", certificate + certificate[:200], `cert.pem:9:1: what begins here is cut or broken`},
		"key of another":            {"key.pem", otherKey, "private key does not match public key"},
		"key and certificate":       {"cert.pem", key, "did find a private key"},
		"encrypted key":             {"key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + strings.ReplaceAll(body, " PRIVATE", " ENCRYPTED PRIVATE"), `key.pem" is encrypted, and nobody is there to type its password: want it as "openssl pkey -in /…/key.pem" writes it`},
		"key encrypted the old way": {"key.pem", strings.Replace(key, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n", 1), `key.pem" is encrypted, and nobody`},
		"certificate in UTF-16":     {"cert.pem", "\xff\xfe-\x00", "cert.pem:1:1: the file is UTF-16: want UTF-8"},
		"empty key":                 {"key.pem", "", "mqtt.tls.cert_file and mqtt.tls.key_file: tls: failed to find any PEM data in key input"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"ca.pem": certificate, "cert.pem": certificate, "key.pem": key, "gw.yaml": withTLS}
			files[row.file] = row.text
			dir := folder(t, files)
			_, err := loadTLS(t)
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), dir, "/…"), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}
