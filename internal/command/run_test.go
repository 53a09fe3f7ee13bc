package command

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/broker"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// patience is how long a test waits for something that must happen.
const patience = 30 * time.Second

// runUntil runs the gateway until its standard output shows text, and then stops the gateway.
func runUntil(t *testing.T, text string, args ...string) result {
	t.Helper()
	waiting, give := context.WithTimeout(t.Context(), patience)
	defer give()
	ctx, stop := context.WithCancel(t.Context())
	stdout, stderr := newScreen(), newScreen()
	ended := make(chan int, 1)
	go func() { // ends with ctx
		ended <- Execute(ctx, append([]string{"run"}, args...), strings.NewReader(""), stdout, stderr)
		give() // the program has ended without the text
	}()
	shown := stdout.await(waiting, text)
	stop()
	got := result{<-ended, stdout.String(), stderr.String()}
	if !shown {
		t.Fatalf("run %q does not say %q: %+v", args, text, got)
	}
	return got
}

func startBroker(t *testing.T) *broker.Broker {
	t.Helper()
	b, err := broker.Start(broker.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func wants(t *testing.T, where, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", where, part, text)
		}
	}
}

func TestRunWithoutConfiguration(t *testing.T) {
	folder(t, nil)
	b := startBroker(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(b.URL(), "tcp://"), ":")
	got := runUntil(t, "msg=subscribed topic=testmqttgtw/dummyfunction/+/+/+/+/C", "--mqtt.broker", b.URL(), "--mqtt.username", "me", "--mqtt.password", "swordfish")
	if got.status != 0 || got.stderr != "" || strings.Contains(got.stdout, "swordfish") {
		t.Errorf("got %+v", got)
	}
	wants(t, "standard output", got.stdout,
		"No configuration: trying things out with one dummy device, on the broker at tcp://127.0.0.1:"+port+".\n",
		"\n  mosquitto_sub -h 127.0.0.1 -p "+port+` -u me -P "$PASSWORD" -v -t 'testmqttgtw/#'`+"\n",
		"msg=starting name=dummy2mqtt version="+version()+" config=none\n",
		"section=mqtt broker=tcp://127.0.0.1:"+port+` client_id=dummy2mqtt username=me password=****** password_file=""`,
		`section=mapping file="the example's" root=testmqttgtw topics="[`,
		"section=devices[0] name=dummy type=dummy ",
		"msg=connected broker=tcp://127.0.0.1:"+port,
		"msg=stopping", "msg=stopped",
	)
}

func TestRunOneOfTheOriginalsFiles(t *testing.T) {
	b := startBroker(t)
	host, port, _ := strings.Cut(strings.TrimPrefix(b.URL(), "tcp://"), ":")
	dir := folder(t, map[string]string{
		"dummy2mqtt.map": string(mapping.Example()),
		"dummy2mqtt.conf": "[MQTT]\nhost: " + host + "\nport: " + port + "\npasword: x\n[MAP]\nmapping: on\nmapfilename: .\n" +
			"[LOG]\nlevle: x\nconsolelevel: INFO\nfilelevel: DEBUG\nfilename: .\n[INTERFACE]\nport: /dev/tty\n[CONFIG]\nwhatever: 1\n",
	})
	got := runUntil(t, "msg=subscribed", "--config", "dummy2mqtt.conf")
	if got.status != 0 || strings.Contains(got.stdout, "No configuration") {
		t.Errorf("got %+v", got)
	}
	wants(t, "standard output", got.stdout, "config="+dir+"/dummy2mqtt.conf\n", "root=testmqttgtw", "params.port=/dev/tty\n", "msg=connected")
	if n := strings.Count(got.stderr, "\n"); n != 2 {
		t.Errorf("%d warnings, want 2:\n%s", n, got.stderr)
	}
	wants(t, "standard error", got.stderr,
		`level=WARN msg=configuration warning="[LOG] levle: unknown option is ignored`, `level=WARN msg=configuration warning="[MQTT] pasword: unknown option is ignored`)
	log, err := os.ReadFile("dummy2mqtt.log")
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "the log file", string(log), "msg=starting", "level=DEBUG", "msg=stopped")
}

// run starts although a device has invalid options; the device stays down.
func TestRunWithADeviceThatStaysDown(t *testing.T) {
	b := startBroker(t)
	folder(t, map[string]string{
		"gw.yaml": "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: dummy}, {name: b, type: dummy, params: {port: none}}]\n",
	})
	got := runUntil(t, "msg=subscribed", "-c", "gw.yaml", "--mqtt.broker", b.URL())
	if got.status != 0 {
		t.Errorf("got %+v", got)
	}
	wants(t, "standard output", got.stdout, `msg="device online" device=b`)
	wants(t, "standard error", got.stderr, "device=a", "port: missing")
}

// At the start, the log shows the options of a few devices only.
func TestStartShowsSomeDevices(t *testing.T) {
	l := &config.Loaded{Path: "/gw.yaml", Config: config.Default()}
	l.Config.MQTT.Broker = "wss://h/mqtt?token=swordfish"
	for range shownDevices + 5 {
		d := config.DefaultDevice()
		d.Params = map[string]any{"api_key": "swordfish", "note": "it's \"so\""}
		l.Config.Devices = append(l.Config.Devices, d)
	}
	file, _, err := mapping.Plain("home", []string{"home/#"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	sayStart(slog.New(slog.NewTextHandler(&said, nil)), l, codec)
	wants(t, "the log", said.String(), "section=devices[19] ", "section=devices more=5\n", "section=log ", "config=/gw.yaml\n",
		"broker=wss://h/mqtt?****** ", "params.api_key=******", `params.note="it's \"so\""`, `section=mapping file="" root=home topics="[\"home/#\"]"`)
	if strings.Contains(said.String(), "section=devices[20]") || strings.Contains(said.String(), "swordfish") {
		t.Errorf("it says too much:\n%s", said.String())
	}
	if l.Config.Mapping.Root != "" {
		t.Error("what is shown has changed the configuration")
	}
}

// buildOptions passes on what the configuration says about the connection.
func TestBuildOptions(t *testing.T) {
	c := config.Default()
	c.Gateway.Name, c.MQTT.Username, c.MQTT.Password, c.MQTT.QoS = "gw", "me", "swordfish", 1
	o := buildOptions(&c, parts{}, "tcp://h:1", slog.Default())
	if s := o.Session; s.Broker != "tcp://h:1" || s.ClientID != "gw" || s.Username != "me" || s.Password != "swordfish" || s.TLS != nil || !s.CleanSession || s.MaxPacket != 1<<20 {
		t.Errorf("session %+v", s)
	}
	if o.QoS != 1 || o.Broker != "tcp://h:1" || o.Link.Lag != 500*time.Millisecond || o.Link.Timeout != 10*time.Second ||
		o.Link.Backoff.Max != 30*time.Second || o.Link.Long.Min != 30*time.Second || o.Outbox.Messages != 10_000 || o.Grace != 10*time.Second || o.Throttle != 10*time.Second {
		t.Errorf("options %+v", o)
	}
	if long := longWait(time.Hour); long.Min != time.Hour || long.Max != 2*time.Hour {
		t.Errorf("the long wait after an hour at most is %v", long)
	}
}
