package integration

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestMetrics has Prometheus' own parser read a real gateway through a link that is lost and comes back, and a device that fails.
func TestMetrics(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	write(t, dir, "token", hookSecret+"\n")
	config := write(t, dir, "gateway.yaml", heated+`
  - {name: boiler, type: boiler, reply: always, retry: {min: 100ms, max: 200ms}}
http: {listen: "127.0.0.1:0", token_file: token, base_path: /house}
`)
	gateway := start(t, dir, "testgateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address, "--mqtt.spool="+dir+"/spool", "--mqtt.reconnect.max=1s")
	_, server, _ := strings.Cut(gateway.says(`msg="http listening" url=`), "url=")
	gateway.says("msg=subscribed")

	scrape := func(accept string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		r.Header.Set("Authorization", "Bearer "+hookSecret)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v: %s", res.Status, err, body)
		}
		return string(body)
	}
	value := func(name string, labels ...string) (value float64, ok bool) {
		t.Helper()
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(scrape("")))
		if err != nil {
			t.Fatal(err)
		}
		family := families["mqttgateway_"+name]
		for _, m := range family.GetMetric() {
			if hasLabels(m, labels) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue(), true
			}
		}
		return 0, false
	}
	await := func(when string, least float64, name string, labels ...string) {
		t.Helper()
		deadline := time.Now().Add(patience)
		for {
			if got, ok := value(name, labels...); ok && got >= least {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("%s: %s%q is %v, %t, want %v", when, name, labels, got, ok, least)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}

	await("at the start", 1, "link_up")
	await("at the start", 2, "devices", "state", "online")
	u := join(t, broker.address, "home/+/+/+/+/+/S")
	command := func(payload string) { u.say(message{topic: "home////boiler/me/C", payload: payload, qos: 1}) }
	command(`{"action":"FLOW","value":31.5}`)
	await("read", 31.5, "temperature_celsius", "device", "boiler", "entity", "flow")
	command("RING")
	await("handled", 2, "device_messages_total", "device", "boiler", "outcome", "handled")
	await("emitted", 1, "device_emitted_messages_total", "device", "boiler")

	command("FAIL")
	await("failed", 1, "device_messages_total", "device", "boiler", "outcome", "failed")
	await("failed", 1, "device_restarts_total", "device", "boiler")
	await("opened again", 1, "device_up", "device", "boiler")

	u.leave()
	broker.kill()
	await("without a broker", 1, "link_losses_total")
	if up, _ := value("link_up"); up != 0 {
		t.Error("the link is up without a broker")
	}
	broker.start()
	await("with the broker again", 1, "link_up")

	problems, err := promlint.New(strings.NewReader(scrape(""))).Lint()
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "mqttgateway_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	if err != nil {
		t.Error(err)
	}
	open := scrape("application/openmetrics-text; version=1.0.0")
	if !strings.HasSuffix(open, "# EOF\n") || !strings.Contains(open, "\n# TYPE mqttgateway_link_losses counter\n") {
		t.Errorf("OpenMetrics:\n%s", open)
	}
	if strings.Contains(open, hookSecret) {
		t.Error("the metrics show a secret")
	}
	http.DefaultClient.CloseIdleConnections()
	gateway.stop()
}

// hasLabels reports whether a metric has labels, given as names and values.
func hasLabels(m *dto.Metric, want []string) bool {
	have := make(map[string]string)
	for _, l := range m.GetLabel() {
		have[l.GetName()] = l.GetValue()
	}
	for i := 0; i < len(want); i += 2 {
		if have[want[i]] != want[i+1] {
			return false
		}
	}
	return true
}
