package mapping_test

import (
	"errors"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
)

func TestReject(t *testing.T) {
	c := newCodec(t, "gw", `{
		"root": "home", "topics": ["home/#"],
		"gateway": {"maptype": "strict", "map": {"Knx": ["knx"]}},
		"sender": {"maptype": "loose", "map": {"gw": ["self"]}},
		"action": {"maptype": "strict", "map": {"ON": ["on"]}}
	}`)
	for _, row := range []struct {
		name, topic, payload string
		want                 mapping.Rejection
		ok                   bool
	}{
		{"a bare action", "home/f/knx/l/d/me/C", "off",
			mapping.Rejection{Gateway: "Knx", Topic: "home/f/knx/l/d/gw/S", Payload: `{"action":"off","response":"REJECTED","reason":"no \"off\""}`}, true},
		{"an object with an id", "home//knx///me/C", `{"id": 12345678901234567890, "action":"off","x":1}`,
			mapping.Rejection{Gateway: "Knx", Topic: "home//knx///gw/S",
				Payload: `{"action":"off","response":"REJECTED","reason":"no \"off\"","id":12345678901234567890}`}, true},
		{"a status", "home/f/knx/l/d/me/S", "off", mapping.Rejection{}, false},
		{"no gateway", "home/f//l/d/me/C", "off", mapping.Rejection{}, false},
		{"a gateway that is not in the map", "home/f/other/l/d/me/C", "off", mapping.Rejection{}, false},
		{"our own", "home/f/knx/l/d/gw/C", "off", mapping.Rejection{}, false},
		{"our own, mapped", "home/f/knx/l/d/self/C", "off", mapping.Rejection{}, false},
		{"no action", "home/f/knx/l/d/me/C", `{"x":1}`, mapping.Rejection{}, false},
		{"an action that is no text", "home/f/knx/l/d/me/C", `{"action":1}`, mapping.Rejection{}, false},
		{"no JSON", "home/f/knx/l/d/me/C", `{"action":`, mapping.Rejection{}, false},
		{"nothing", "home/f/knx/l/d/me/C", "", mapping.Rejection{}, false},
		{"no UTF-8", "home/f/knx/l/d/me/C", "\xff", mapping.Rejection{}, false},
		{"another shape", "home/f/knx/l/d/me/x/C", "off", mapping.Rejection{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, ok := c.Reject(row.topic, row.payload, errors.New(`no "off"`))
			if got != row.want || ok != row.ok {
				t.Errorf("Reject(%q, %q) = %+v, %t\nwant %+v, %t", row.topic, row.payload, got, ok, row.want, row.ok)
			}
		})
	}
}
