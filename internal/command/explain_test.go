package command

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/views/explain"
)

func TestExplain(t *testing.T) {
	file, _, err := mapping.Parse(mapping.Example())
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("dummy2mqtt", file)
	if err != nil {
		t.Fatal(err)
	}
	radio := func(yield func(string, routing.Answers) bool) {
		_ = yield("radio", routing.Answers{}) && yield("lamp", routing.Answers{Location: []string{"Office"}})
	}
	tests := map[string]struct {
		topic, payload string
		want           []string
		not            []string
	}{
		"found": {
			topic: "testmqttgtw/lighting/dummy/kitchen/spot/me/C", payload: `{"action":"light_on","level":42}`,
			want: []string{
				"arrives  by the subscription testmqttgtw/+/dummy/+/+/+/C\n",
				"function           lighting     Lighting  mapped (loose)\n",
				"device             spot         spot      passed (none)\n",
				"type               C            C         passed\naction             light_on     LIGHT_ON  mapped (strict)\n",
				"argvalue of level  42           42        passed (none)\n",
				"message  C Lighting/Dummy/Kitchen/spot from me: LIGHT_ON {\"level\":42}\n",
				"radio   yes    answers to all that the message sets\n",
				"lamp    no     location is \"Kitchen\", and it answers to [\"Office\"]\n",
			},
			not: []string{"refused", "echo"},
		},
		"refused": {
			topic: "testmqttgtw/lighting/other/kitchen//me/X", payload: "fly",
			want: []string{
				"arrives  no: no subscription matches the topic",
				"gateway   other        -         refused (strict)\n",
				"device    \"\"           \"\"        empty (none)\n",
				"refused  gateway \"other\" is not in the map, which is strict\n",
				"refused  type: \"X\", want \"C\" or \"S\"\n",
				"refused  action \"fly\" is not in the map, which is strict\n",
			},
			not: []string{"DEVICE", "message  "},
		},
		"no subscription": {
			topic: "testmqttgtw/lighting//kitchen/spot/me/C", payload: "light_on",
			want: []string{"arrives  no", "message  C Lighting//Kitchen/spot"},
		},
		"echo": {
			topic: "testmqttgtw/lighting/dummy/kitchen/spot/dummy2mqtt/C", payload: "light_on",
			want: []string{"echo     the sender is this gateway, dummy2mqtt"},
			not:  []string{"DEVICE", "refused"},
		},
		"not of a message's form": {
			topic: "testmqttgtw/C", payload: "\x1b[2J",
			want: []string{`payload  "\x1b[2J"`, "refused  topic of 2 levels, want 7"},
			not:  []string{"ON THE WIRE", "\x1b"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := string(written(explain.Gateway{Codec: codec, Devices: radio}.Explain(tt.topic, tt.payload), codec))
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("lacks %q", want)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(out, not) {
					t.Errorf("has %q", not)
				}
			}
			if t.Failed() {
				t.Logf("explain %s %s:\n%s", tt.topic, tt.payload, out)
			}
		})
	}
}

// What is set at the topic of an entity, and what is asked of the gateway, is no message, and no subscription of the map has to match it.
func TestExplainReserved(t *testing.T) {
	file, _, err := mapping.Plain("home", []string{"home/Lighting/#"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	g := explain.Gateway{Codec: codec, Admin: true, Set: refusesSet([]config.Device{{Name: "lamp"}, {Name: "hub"}})}
	for topic, want := range map[string]string{
		"lamp/set/level":   "sets     the entity level of the device lamp, whatever the map says, unless it is retained\n",
		"hub.lamp/set/x":   "sets     the entity x of the device hub.lamp, whatever the map says, unless it is retained\n",
		"lamb/set/x":       "sets     the entity x of the device lamb, whatever the map says, unless it is retained\nrefused  no device is called \"lamb\"\n",
		"request/restart":  "asks     the gateway itself for restart, whatever the map says, unless it is retained\nrefused  want a JSON object, such as {} or {\"device\":\"lamp\"}\n",
		"request/restarts": "asks     the gateway itself for restarts, whatever the map says, unless it is retained\nrefused  \"restarts\": want one of [\"devices\" \"health\" \"log\" \"reload\" \"restart\" \"start\" \"stop\"]\n",
	} {
		topic = "home/$gateway/gw/" + topic
		want = "topic    " + topic + "\npayload  42\n\n" + want
		if out := string(written(g.Explain(topic, "42"), codec)); out != want {
			t.Errorf("wrote\n%s\nwant\n%s", out, want)
		}
	}
	g.Admin = false
	if out := string(written(g.Explain("home/$gateway/gw/request/health", "{}"), codec)); !strings.Contains(out, "arrives  no") {
		t.Errorf("people may not ask, and it says\n%s", out)
	}
}

func TestExplainNoDevice(t *testing.T) {
	file, _, err := mapping.Plain("home", []string{"home/#"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	out := string(written(explain.Gateway{Codec: codec, Devices: answers(nil)}.Explain("home/a/b/c/d/e/S", "on"), codec))
	if !strings.Contains(out, "finds no device") {
		t.Errorf("wrote\n%s", out)
	}
}
