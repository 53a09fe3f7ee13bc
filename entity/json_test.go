package entity_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What stands in the view info, and what a program of an exec device sends.
func TestDeviceJSON(t *testing.T) {
	d := entity.Device{Manufacturer: "Acme", Model: "B7", Address: messages.Address{Device: "boiler"}, Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Unit: "°C", Class: "temperature", Report: entity.Report{Deadband: 0.2, AtMost: time.Second, Stale: 90 * time.Second}},
		{ID: "target", Kind: entity.Number, Write: true, Min: entity.F(0), Max: entity.F(80.5), Step: entity.F(0.5), Decimals: entity.D(0)},
		{ID: "pump", Kind: entity.Bool, Words: map[string]string{"true": "ON", "false": "OFF"}, Address: messages.Address{Function: "Heating"}},
		{ID: "on", Kind: entity.Bool, Write: true, Group: entity.Group{Kind: "light", ID: "lamp", Role: "on"}},
	}}
	got, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "manufacturer": "Acme",
 "model": "B7",
 "address": {
  "device": "boiler"
 },
 "entities": [
  {
   "id": "flow",
   "kind": "number",
   "unit": "°C",
   "class": "temperature",
   "report": {
    "deadband": 0.2,
    "at_most": "1s",
    "stale": "1m30s"
   }
  },
  {
   "id": "target",
   "kind": "number",
   "write": true,
   "min": 0,
   "max": 80.5,
   "step": 0.5,
   "decimals": 0
  },
  {
   "id": "pump",
   "kind": "bool",
   "words": {
    "false": "OFF",
    "true": "ON"
   },
   "address": {
    "function": "Heating"
   }
  },
  {
   "id": "on",
   "kind": "bool",
   "write": true,
   "group": {
    "kind": "light",
    "id": "lamp",
    "role": "on"
   }
  }
 ]
}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
	var back entity.Device
	if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("came back as %+v, %v", back, err)
	}
}

func TestDeviceJSONOfAProgram(t *testing.T) {
	var d entity.Device
	err := json.Unmarshal([]byte(`{"model":"DS18B20","color":"red","entities":[{"id":"temperature","kind":"number","unit":"°C","report":{"heartbeat":"10m"}}]}`), &d)
	if err != nil || d.Model != "DS18B20" || d.Entities[0].Report.Heartbeat != 10*time.Minute || entity.Check(d) != nil {
		t.Errorf("%+v, %v", d, err)
	}
	err = json.Unmarshal([]byte(`{"entities":[{"id":"a","report":{"stale":30}}]}`), &d)
	if err == nil {
		t.Error("a duration that is a number was taken")
	}
	err = json.Unmarshal([]byte(`{"entities":[{"id":"a","report":{"stale":"soon"}}]}`), &d)
	if err == nil || !strings.Contains(err.Error(), `"soon", want a duration such as "30s" or "1m30s"`) {
		t.Error(err)
	}
}

// A description that is read, written and read again is the same, and Check and Describe survive whatever a program sends.
func FuzzDeviceJSON(f *testing.F) {
	f.Add(`{"name":"x","url":"http://h","address":{"function":"f"},"entities":[{"id":"a","kind":"number","min":1,"max":2,"step":0.5,"decimals":1,"report":{"deadband":1,"at_most":"1s"}}]}`)
	f.Add(`{"entities":[{"id":"a","kind":"enum","options":["x","y"],"words":{"x":"X"}},{"id":"b","kind":"button","group":{"kind":"light","id":"g","role":"on"}}]}`)
	f.Add(`{"entities":[{},{"id":"a","kind":"event","hidden":true,"write":true}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var d, again entity.Device
		if json.Unmarshal([]byte(text), &d) != nil {
			return
		}
		written, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("%+v: %v", d, err)
		}
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if second, err := json.Marshal(again); err != nil || string(second) != string(written) {
			t.Fatalf("%s, and then %s, %v", written, second, err)
		}
		s := entity.NewSet()
		if err := s.Describe(d); (err == nil) != (entity.Check(d) == nil) {
			t.Fatalf("described: %v, checked: %v", err, entity.Check(d))
		}
		if news := s.Due(begin); len(news.Words) > 0 || !s.Values().Equal(s.Values()) {
			t.Fatalf("words of what was never read: %+v", news)
		}
	})
}
