package integration

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTLS makes both sides show certificates. The broker's certificate contains another name than its address. The
// gateway's is renewed while it runs, and the next connection shows the new one.
func TestTLS(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	broker, plain := startTLS(t, ca, dir)
	renew := func(name string) {
		cert, key := ca.issue(name)
		write(t, dir, "cert.pem", cert)
		write(t, dir, "key.pem", key)
	}
	renew("first")
	config := write(t, dir, "gateway.yaml", fmt.Sprintf(
		"mqtt: {broker: 'ssl://%s', reconnect: {min: 1ms, max: 50ms}, tls: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem, server_name: broker.test}}%s",
		broker.address, echoing))
	gateway := start(t, dir, "gateway", "run", "--config", config)
	gateway.says("msg=subscribed topic=home/#")
	join(t, plain, "home/+/+/+/+/gw/#").ask(patience, question, answer)

	renew("second")
	broker.kill()
	const lost, failed = `level=WARN msg="link lost"`, `level=WARN msg="connect failed" … refused`
	gateway.says(lost)
	broker.start()
	gateway.says(`msg="connected again"`)
	gateway.stop()
	// When the broker dies, the gateway may not know whether the answer was written, although the user has got it.
	gateway.saysOnly(lost, failed, `level=WARN msg="link failed again"`, "publications refused … connection lost")
	said, err := os.ReadFile(filepath.Join(dir, "broker.log"))
	if err != nil {
		t.Fatal(err)
	}
	first, second := strings.Index(string(said), "u'first'"), strings.Index(string(said), "u'second'")
	if first < 0 || second < first {
		t.Errorf("the broker has not seen the first certificate and then the second:\n%s", said)
	}
}

// startTLS starts a broker that wants certificates of the authority, and shows one for broker.test. It logs to
// broker.log in dir, in which startTLS also puts ca.pem. The broker's second listener is plain.
func startTLS(t *testing.T, ca *authority, dir string) (broker *mosquitto, plain string) {
	t.Helper()
	cert, key := ca.issue("broker.test")
	plain = freeAddress(t)
	_, port, _ := net.SplitHostPort(plain)
	return startMosquitto(t,
		"cafile "+write(t, dir, "ca.pem", ca.pem()),
		"certfile "+write(t, dir, "broker-cert.pem", cert),
		"keyfile "+write(t, dir, "broker-key.pem", key),
		"require_certificate true", "use_identity_as_username true",
		"log_dest file "+filepath.Join(dir, "broker.log"),
		"listener "+port+" 127.0.0.1"), plain
}

// TestDistrust makes each side distrust the other's certificate in turn. The log says once what is wrong.
func TestDistrust(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	broker, _ := startTLS(t, ca, dir)
	write(t, dir, "stranger.pem", newAuthority(t).pem())
	cert, key := ca.issue("me")
	write(t, dir, "cert.pem", cert)
	write(t, dir, "key.pem", key)
	cert, key = newAuthority(t).issue("me")
	write(t, dir, "forged-cert.pem", cert)
	write(t, dir, "forged-key.pem", key)
	old := serveOldTLS(t, ca.pair("broker.test"))
	for _, c := range []struct{ name, address, tls, said string }{
		{"authority", broker.address, "{ca_file: stranger.pem, server_name: broker.test}", "certificate signed by unknown authority"},
		{"the system's authorities", broker.address, "{server_name: broker.test}", "certificate signed by unknown authority"},
		{"name", broker.address, "{ca_file: ca.pem, server_name: other.test}", "valid for broker.test, not other.test"},
		{"address", broker.address, "{ca_file: ca.pem}", "127.0.0.1"},
		{"no certificate", broker.address, "{ca_file: ca.pem, server_name: broker.test}", "certificate required"},
		{"a stranger's certificate", broker.address, "{ca_file: ca.pem, server_name: broker.test, cert_file: forged-cert.pem, key_file: forged-key.pem}", "unknown certificate authority"},
		{"TLS 1.1", old, "{ca_file: ca.pem, server_name: broker.test, cert_file: cert.pem, key_file: key.pem}", "protocol version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := write(t, dir, "gateway.yaml", fmt.Sprintf("mqtt: {broker: 'ssl://%s', lag: 50ms, reconnect: {min: 100ms, max: 200ms}, tls: %s}%s", c.address, c.tls, echoing))
			gateway := start(t, dir, "gateway", "run", "--config", config)
			refused := `level=ERROR msg="connect refused, and time alone will not cure it" … retry= … ` + c.said
			gateway.says(refused)
			gateway.stop()
			gateway.saysOnly(refused)
		})
	}
}

// serveOldTLS is a server with TLS up to 1.1. It ends with the test.
func serveOldTLS(t *testing.T, cert tls.Certificate) (address string) {
	t.Helper()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends with ln
		defer close(ended)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).HandshakeContext(t.Context())
			c.Close()
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-ended
	})
	return ln.Addr().String()
}

// TestTransports connects to a broker by a Unix socket, and by a WebSocket with a token.
func TestTransports(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	write(t, dir, "ca.pem", ca.pem())
	socket := filepath.Join(dir, "broker.sock")
	broker := startMosquitto(t, "listener 0 "+socket)
	for name, mqtt := range map[string]string{
		"unix": "{broker: 'unix://" + socket + "'}",
		"wss": fmt.Sprintf("{broker: 'wss://%s/mqtt?token=horse-battery', tls: {ca_file: ca.pem, server_name: bridge.test}}",
			bridge(t, broker.address, "horse-battery", ca.pair("bridge.test"))),
	} {
		t.Run(name, func(t *testing.T) {
			gateway := start(t, dir, "gateway", "run", "--config", write(t, dir, "gateway.yaml", "mqtt: "+mqtt+echoing))
			gateway.says("msg=subscribed topic=home/#")
			join(t, broker.address, "home/+/+/+/+/gw/#").ask(patience, question, answer)
			gateway.stop()
			gateway.saysOnly()
			if lines := gateway.saidSince(0, "horse-battery"); len(lines) > 0 {
				t.Errorf("the log holds the token:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
}
