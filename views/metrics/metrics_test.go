package metrics_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/mqttgateway/mqttgateway/views/metrics"
)

// want compares some metrics; "" is a metric that is not to be there.
func (p *plant) want(when string, want map[string]string) {
	p.t.Helper()
	got := p.scrape()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			p.t.Errorf("%s: %s is %q, want %q", when, name, got[name], want[name])
		}
	}
}

// What the link, the messages and the devices do is counted.
func TestGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, []string{"heat meter", "dead broken"}, nil)
		synctest.Wait()
		p.want("at rest", map[string]string{
			`build_info{goversion="` + goVersion + `",version="v1.2.3"}`: "1",
			`link_up`: "1", `link_losses_total`: "0", `link_failed_attempts_total`: "0", `link_unanswered_seconds`: "0",
			`devices{state="online"}`: "1", `devices{state="offline"}`: "1", `devices{state="stuck"}`: "0",
			`device_up{device="heat"}`: "1", `device_up{device="dead"}`: "0",
			`device_info{device="heat",type="meter"}`: "1", `device_restarts_total{device="heat"}`: "0",
			`actor_up{actor="mapper"}`: "1", `actor_restarts_total{actor="mapper"}`: "0", `mailbox_messages{actor="supervisor"}`: "0",
			`outbox_messages`: "0", `outbox_room_messages`: "1000", `spool_records`: "",
		})

		p.send("home////heat/x/C", "10ms")
		p.send("home////heat/x/C", "3s")
		p.send("home////heat/x/C", "0s")
		p.send("home////heat/x/C", "dance")
		p.send("home////dead/x/C", "0s")
		p.send("home////nobody/x/C", "0s")
		p.send("home/a/b", "0s")
		time.Sleep(time.Second)
		p.want("busy", map[string]string{`device_queue_messages{device="heat"}`: "2", `device_call_seconds{device="heat"}`: "0.99"})
		time.Sleep(5 * time.Second)
		p.want("done", map[string]string{
			`messages_total{direction="in",outcome="routed"}`: "5", `messages_total{direction="in",outcome="unmatched"}`: "1",
			`messages_total{direction="in",outcome="refused"}`: "1", `handlings_total{outcome="handled"}`: "3", `handlings_total{outcome="refused"}`: "2",
			`device_messages_total{device="heat",outcome="handled"}`: "3", `device_messages_total{device="heat",outcome="refused"}`: "1",
			`device_messages_total{device="dead",outcome="refused"}`: "1",
			`device_queue_messages{device="heat"}`:                   "0", `device_call_seconds{device="heat"}`: "0",
			`device_handling_seconds_total{device="heat"}`: "3.01",
			`handling_seconds_count`:                       "4", `handling_seconds_sum`: "3.01", `handling_seconds_bucket{le="0.0001"}`: "2",
			`handling_seconds_bucket{le="0.025"}`: "3", `handling_seconds_bucket{le="2.5"}`: "3", `handling_seconds_bucket{le="10"}`: "4", `handling_seconds_bucket{le="+Inf"}`: "4",
		})

		p.lose()
		synctest.Wait()
		p.want("lost", map[string]string{`link_up`: "0", `link_losses_total`: "1"})
		time.Sleep(time.Minute)
		p.want("back", map[string]string{`link_up`: "1", `link_losses_total`: "1", `link_failed_attempts_total`: "0"})
		if restarts := p.scrape()[`device_restarts_total{device="dead"}`]; restarts < "4" {
			t.Errorf("a device that fails has begun %s times again", restarts)
		}
		if text := p.text(""); strings.Contains(text, "swordfish") {
			t.Errorf("a secret is shown: %s", text)
		}
	})
}

// Entities are shown with their classes and in base units, while they are known and their device is online.
func TestEntities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, []string{"heat meter"}, nil)
		synctest.Wait()
		of := func(id string) string {
			return `{device="heat",entity="` + id + `",location="cellar \"1\"\\\n"}`
		}
		p.want("read", map[string]string{
			"temperature_celsius" + of("inside"): "21.5", "temperature_celsius" + of("outside"): "100",
			"energy_joules_total" + of("imported"): "7200000", "energy_joules_value" + of("balance"): "-3600000", "volume_cubic_meters_value" + of("tank"): "3", "humidity_ratio" + of("filling"): "0.455",
			"fans" + of("fans"): "2", "flow_drops_min" + of("flow"): "3", "outbox_messages_value" + of("outbox"): "4", "outbox_messages": "0",
			"device_messages_value" + of("device_messages_total"): "5", "handling_seconds_bucket_value" + of("handling_seconds_bucket"): "6",
			"link_losses_value" + of("link_losses_total"):                                            "1",
			`bell_events_total{device="heat",entity="bell",location="cellar \"1\"\\\n",type="rung"}`: "1",
			"relay" + of("relay"): "1", "door" + of("lid"): "0",
			`mode_option{device="heat",entity="mode",location="cellar \"1\"\\\n",option="eco"}`:            "1",
			`mode_option{device="heat",entity="mode",location="cellar \"1\"\\\n",option="full \"speed\""}`: "0",
		})
		for name := range p.scrape() {
			for _, hidden := range []string{"secret", "never", "label", "endless"} {
				if strings.Contains(name, `entity="`+hidden+`"`) {
					t.Errorf("%s is shown", name)
				}
			}
		}
		for _, press := range []string{"RESET", "RESET", "TEST", `{"action":"SET","reset":null,"relay":false}`} { // the device refuses TEST
			p.send("home////heat/x/C", press)
		}
		time.Sleep(time.Second)
		p.want("pressed", map[string]string{
			"reset_presses_total" + of("reset"): "3", "test_presses_total" + of("test"): "0",
		})
		p.send("home////heat/x/C", "1h") // it is stuck
		time.Sleep(time.Minute)
		p.want("stuck", map[string]string{`device_up{device="heat"}`: "0", "temperature_celsius" + of("inside"): "", "relay" + of("relay"): ""})
		time.Sleep(time.Hour)
	})
}

// A reload that has failed shows until one goes well, as with Prometheus itself.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, nil, nil)
		synctest.Wait()
		const successful, at = "config_last_reload_successful", "config_last_reload_success_timestamp_seconds"
		p.want("at the start", map[string]string{successful: "1", at: "946684800"})
		p.reloaded.Successful = false
		p.want("failed", map[string]string{successful: "0", at: "946684800"})
		p.reloaded = metrics.Reload{Successful: true, Succeeded: time.Unix(946684800, 0).Add(1500 * time.Millisecond)}
		p.want("well again", map[string]string{successful: "1", at: "9.466848015e+08"})
	})
}

// What a hub adds beyond the bound is summed.
func TestHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, []string{"hub hub"}, nil)
		synctest.Wait()
		p.mostAdded(3)
		for _, name := range []string{"a", "d", "e"} {
			p.send("home////"+name+"/x/C", "1ms")
		}
		time.Sleep(time.Second)
		p.want("summed", map[string]string{
			`devices{state="online"}`: "6", `devices_summed`: "2",
			`device_info{device="hub.a",hub="hub",type="hub"}`: "1", `device_up{device="hub.c"}`: "1", `device_up{device="hub.d"}`: "", `device_up{device="hub.*"}`: "",
			`device_messages_total{device="hub.a",outcome="handled"}`: "1",
			`device_messages_total{device="hub.d",outcome="handled"}`: "", `device_messages_total{device="hub.*",outcome="handled"}`: "2",
			`device_handling_seconds_total{device="hub.*"}`: "0.002",
		})
		if got := p.scrape(); got[`device_restarts_total{device="hub.e"}`] != "" || len(got) == 0 {
			t.Error("a summed device has a metric of its own")
		}
	})
}

// Names, units and both formats are as Prometheus wants them.
func TestFormats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, []string{"heat meter", "hub hub", "dead broken"}, nil)
		synctest.Wait()
		text := p.text("")
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range problems {
			if strings.HasPrefix(problem.Metric, "mqttgateway_") {
				t.Errorf("%s: %s", problem.Metric, problem.Text)
			}
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"go_goroutines", "process_cpu_seconds_total", "mqttgateway_link_up"} {
			if families[name] == nil {
				t.Errorf("no %s", name)
			}
		}

		open := p.text("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
		if !strings.HasSuffix(open, "\n# EOF\n") || strings.Count(open, "# EOF") != 1 {
			t.Errorf("OpenMetrics does not end with # EOF: %q", open[max(0, len(open)-200):])
		}
		seen := make(map[string]bool)
		for line := range strings.Lines(open) {
			if name, is := strings.CutPrefix(line, "# TYPE "); is {
				name, _, _ = strings.Cut(name, " ")
				if seen[name] && strings.HasPrefix(name, "mqttgateway_") { // go_memstats_alloc_bytes is not ours
					t.Errorf("family %s is there twice", name)
				}
				seen[name] = true
			}
		}
		if !seen["mqttgateway_messages"] || !seen["mqttgateway_energy_joules"] {
			t.Errorf("families of OpenMetrics: %v", slices.Sorted(maps.Keys(seen)))
		}
	})
}
