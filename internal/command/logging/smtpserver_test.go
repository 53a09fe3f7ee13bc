package logging

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// serveMail is the environment variable that turns the test binary into an SMTP server, which ends when its standard
// input ends. Its values are plain, and tls for a server that offers STARTTLS with a self-signed certificate.
const serveMail = "MQTTGATEWAY_TEST_SMTP"

// received is a mail that the server has received: one line of JSON on its standard output.
type received struct {
	From, To, Data string
	TLS            bool
}

func serveSMTP() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{conn: c, out: out}, nil
	}))
	server.ErrorLog = log.New(io.Discard, "", 0)
	if os.Getenv(serveMail) == "tls" {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{selfSigned()}}
	}
	_ = out.Encode(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(server.Serve(listener))
}

func selfSigned() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

type session struct {
	conn *smtp.Conn
	out  *json.Encoder
	mail received
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	_, encrypted := s.conn.TLSConnectionState()
	s.mail = received{From: from, TLS: encrypted}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, Message: "no such person"}
	}
	s.mail.To = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Data = string(data)
	return s.out.Encode(s.mail)
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// mailServer is the server's process.
type mailServer struct {
	port int
	out  *json.Decoder
}

func startMailServer(t *testing.T, kind string) *mailServer {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveMail+"="+kind)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("mail server: %v", err)
		}
	})
	s := &mailServer{out: json.NewDecoder(bufio.NewReader(out))}
	if err := s.out.Decode(&s.port); err != nil {
		t.Fatalf("mail server: %v", err)
	}
	return s
}

// next waits for a mail, as long as the test may take.
func (s *mailServer) next(t *testing.T) (received, *mail.Message) {
	t.Helper()
	var r received
	if err := s.out.Decode(&r); err != nil {
		t.Fatalf("mail server: %v", err)
	}
	m, err := mail.ReadMessage(strings.NewReader(r.Data))
	if err != nil {
		t.Fatalf("mail %q: %v", r.Data, err)
	}
	return r, m
}
