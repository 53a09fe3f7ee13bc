package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/actors"
)

func TestMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		all, some := listen(t, a, "kinds=messages"), listen(t, a, "kinds=messages&filter=home/%2B/b")
		synctest.Wait()
		g.passing <- actors.Passed{At: aDay, Topic: "home/a/x", Payload: "<b>ON</b>", Size: 9, Devices: 2, QoS: 1}
		g.passing <- actors.Passed{At: aDay, Out: true, Topic: "home/a/b", Payload: strings.Repeat("ä", longestPayload), Size: 2 * longestPayload, Retained: true}
		g.passing <- actors.Passed{At: aDay, Topic: "home/x", Note: "no device", Missed: 3}
		const first = `{"at":"2026-03-04T05:06:07.008Z","direction":"in","topic":"home/a/x","payload":"<b>ON</b>","size":9,"qos":1,"devices":2}`
		if e := all.next(t); e.name != "message" || e.data != first {
			t.Errorf("%+v, want %s", e, first)
		}
		e := all.next(t)
		if m := object(t, e.data); m["direction"] != "out" || m["retained"] != true || len(m["payload"].(string)) > longestPayload+10 {
			t.Errorf("%.200v", e)
		}
		if got := some.next(t); got != e {
			t.Errorf("with a filter %.200v", got)
		}
		for _, c := range []*client{all, some} {
			if e := c.next(t); e.name != "missed" || e.data != `{"kind":"messages","count":3}` {
				t.Errorf("%+v, want how many were missed", e)
			}
		}
		if e := all.next(t); object(t, e.data)["note"] != "no device" {
			t.Errorf("%+v", e)
		}
		if _, body := get(t, a, "topics?prefix=home/a"); body != `["home/a/b","home/a/x"]` {
			t.Errorf("topics that have passed: %s", body)
		}
	})
}

func TestSend(t *testing.T) {
	g := newGateway()
	a, _ := start(t, g)
	for body, want := range map[string]int{
		`{"topic":"home/x","payload":"ON","qos":1,"retain":true}`: 202, `{"topic":"home/#","payload":""}`: 422, `{"topic":"home/early"}`: 503, `{"topics":"x"}`: 400, `{`: 400,
	} {
		if status, says := post(t, a, "messages", body); status != want {
			t.Errorf("%s: %d %s", body, status, says)
		}
	}
	if want := []string{"send home/x ON 1 true"}; !slices.Equal(g.done, want) {
		t.Errorf("done %q", g.done)
	}
}

func TestTopics(t *testing.T) {
	a, _ := start(t, described())
	if _, body := get(t, a, "topics?prefix=home//"); body != `["home/////me/C","home///Kitchen//me/C"]` {
		t.Errorf("topics of devices: %s", body)
	}
}

func TestExplain(t *testing.T) {
	a, _ := start(t, described())
	status, body := get(t, a, "explain?topic=home/f//Office//me/C&payload=ON")
	for _, want := range []string{`"subscription":"home/+/+/+/+/+/C"`, `"message":"C f//Office/ from me: ON"`,
		`{"device":"lamp","found":false,"why":"location is \"Office\", and it answers to [\"Kitchen\"]"}`, `{"device":"boiler","found":true,`} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%d %s\nwant %s", status, body, want)
		}
	}
}

func TestExplainReserved(t *testing.T) {
	a, _ := start(t, described())
	a.Admin = true
	for query, want := range map[string]string{
		"lamp/set/relay&payload=on":  `"sets":{"device":"lamp","entity":"relay"}}`,
		"lamp/set/relay&payload=hot": `,"refused":["relay: `,
		"lamp/set/level&payload=5":   `,"refused":["level: can't be set"]}`,
		"lamp/set/relay":             `,"refused":["an empty payload"]}`,
		"lamp/set/secret&payload=1":  `,"refused":["\"secret\": there is no such entity"]}`,
		"nobody/set/x&payload=1":     `,"refused":["no such device: \"nobody\""]}`,
		"boiler/set/x&payload=1":     `,"refused":["\"boiler\" has not said yet what can be set"]}`,
		"request/restart&payload={}": `"asks":"restart","refused":["device: missing"]}`,
		"request/health&payload={}":  `"asks":"health"}`,
	} {
		if status, body := get(t, a, "explain?topic=home/$gateway/gw/"+query); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s\nwant %s", query, status, body, want)
		}
	}
}
