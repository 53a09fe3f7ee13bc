package command

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
)

// oneDevice returns the device of the configuration that a probe has printed behind its last colon.
func oneDevice(t *testing.T, printed string) config.Device {
	t.Helper()
	_, yaml, _ := strings.Cut(printed, "\ndevices:\n")
	list, err := config.ParseDevices(yaml)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %+v, of\n%s", err, list, printed)
	}
	return list[0]
}

// What comes over a connection, and in datagrams, is shown; equipment that hangs up is told of.
func TestProbeNetwork(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		asked := make([]byte, 4)
		_, _ = conn.Read(asked)
		fmt.Fprintf(conn, "PWON\r%s", asked)
		conn.Close()
	}()
	got := execute(t, "", "probe", "tcp", listener.Addr().String(), "--end", `\r`, "--send", "PW?")
	if d := oneDevice(t, got.stdout); got.status != 1 || !strings.HasSuffix(got.stderr, "the other end has hung up\n") || d.Params["address"] != listener.Addr().String() ||
		strings.Count(got.stdout, `50 57 3f 0d                                      PW?\r`) != 2 || !strings.Contains(got.stdout, "2 frames, 9 bytes heard.") {
		t.Errorf("got %+v", got)
	}

	at := "127.0.0.1:0"
	if conn, err := net.ListenPacket("udp", at); err == nil {
		at = conn.LocalAddr().String()
		conn.Close()
	}
	out, errs := newScreen(), newScreen()
	status := make(chan int)
	heard, hang := context.WithCancel(ctx)
	go func() { status <- Execute(heard, []string{"probe", "udp", "--listen", at}, nil, out, errs) }()
	if !errs.await(ctx, "listening") {
		t.Fatalf("it does not listen: %s", errs)
	}
	conn, err := net.Dial("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, `{"t":`)
	fmt.Fprint(conn, `21}`)
	if !out.await(ctx, `{"t":`) || !out.await(ctx, "21}") {
		t.Errorf("it shows %s", out)
	}
	hang()
	if got := <-status; got != 0 {
		t.Errorf("status %d: %s", got, errs)
	}
	if d := oneDevice(t, out.String()); d.Type != "udp" || d.Params["listen"] != at || d.Params["frame"] != nil {
		t.Errorf("the device is %+v", d)
	}
}

func TestProbeHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/status":
			fmt.Fprint(w, `{"power": 60.50, "on": true}`)
		case "/text":
			fmt.Fprint(w, "T=21\r\nbell\a\r\n")
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "what?")
		}
	}))
	defer server.Close()
	got := execute(t, "", "probe", "http", server.URL+"/status")
	if d := oneDevice(t, got.stdout); got.status != 0 || d.Params["base"] != server.URL || !strings.Contains(got.stdout, "\n.on     true\n.power  60.50\n") {
		t.Errorf("got %+v", got)
	}
	if got := execute(t, "", "probe", "http", server.URL+"/status", "--jq", ".power * 2", "--jq", "."); got.status != 0 ||
		!strings.HasSuffix(got.stdout, "\n121\n{\n  \"on\": true,\n  \"power\": 60.50\n}\n") {
		t.Errorf("got %+v", got)
	}
	if got := execute(t, "", "probe", "http", server.URL+"/text"); got.status != 0 || !strings.Contains(got.stdout, "\nT=21\nbell.\n\nFor") ||
		!strings.Contains(got.stdout, "decode: text") {
		t.Errorf("got %+v", got)
	}
	tests := map[string]struct {
		args []string
		want string
	}{
		"not found":      {[]string{server.URL + "/x"}, "the answer is 404 Not Found\n"},
		"no such path":   {[]string{server.URL + "/status", "--jq=.powr"}, "--jq .powr: the answer has nothing of that\n"},
		"several values": {[]string{server.URL + "/status", "--jq=.[]"}, "--jq .[]: .[] gives several values, want one\n"},
		"no document":    {[]string{server.URL + "/text", "--jq=.x"}, "--jq: the answer is no JSON: "},
		"no query":       {[]string{server.URL, "--jq=.["}, "--jq: unexpected EOF"},
		"no time":        {[]string{server.URL, "--timeout=0"}, "--timeout: 0s, want a time above 0\n"},
		"too late":       {[]string{"http://" + listen(t), "--timeout=20ms"}, "no answer within 20ms\n"},
		"a secret":       {[]string{"http://me:sw0rdf1sh@box"}, "the address holds a user, want --basic or --digest with --password-file\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := execute(t, "", append([]string{"probe", "http"}, tt.args...)...)
			if got.status != 1 || !strings.HasPrefix(got.stderr, tt.want) || strings.Contains(got.stderr+got.stdout, "sw0rdf1sh") {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

func TestProbeArguments(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want []string
	}{
		"snmp":         {[]string{"snmp", "h", "1.x", "--walk=1.3", "--most=0", "--auth=md4"}, []string{`"1.x", want an OID such as`, "want OIDs or --walk, not both", "want --most", `--auth: "md4"`}},
		"tcp":          {[]string{"tcp", "box"}, []string{`"box": missing port in address`}},
		"nobody there": {[]string{"tcp", "127.0.0.1:1"}, []string{"connection refused"}},
		"udp":          {[]string{"udp"}, []string{"want HOST:PORT, with --send, or --listen"}},
		"udp, no host": {[]string{"udp", ":5", "--send=x"}, []string{`":5": no host`}},
		"udp at":       {[]string{"udp", "--listen=x"}, []string{`"x": missing port`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, "", append([]string{"probe"}, tt.args...)...)
			for _, want := range tt.want {
				if got.status != 1 || !strings.Contains(got.stderr, want) {
					t.Errorf("status %d, lacks %q: %s", got.status, want, got.stderr)
				}
			}
		})
	}
}
