package command

import (
	"os"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
)

// house are files with devices that describe themselves, and one that does so only when it is opened.
var house = map[string]string{
	"house.yaml": `
gateway: {name: gw}
mapping: {file: house_map.json}
devices:
  - name: boiler
    type: outspoken
    address: {function: Heating, location: Cellar}
    params:
      model: B7
      entities:
        - {id: flow, kind: number, unit: °C, class: temperature}
        - {id: setpoint, kind: number, write: true, min: 5, max: 60}
        - {id: mode, kind: enum, write: true, options: ["off", Heat]}
        - {id: pump, kind: bool, words: {"true": PUMP_ON, "false": PUMP_OFF}, address: {device: Pump}}
        - {id: fault, kind: event, options: [overheated]}
        - {id: reset, kind: button}
        - {id: raw, kind: number, hidden: true}
  - {name: bell, type: outspoken, params: {entities: [{id: label, kind: text}]}}
  - {name: lamp, type: dummy, answers_to: {location: [DiningRm]}, params: {port: none}}
`,
	"house_map.json": `{"root": "home", "topics": ["home/#"],
		"function": {"maptype": "strict", "map": {"Heating": ["heating"]}},
		"action": {"maptype": "strict", "map": {"STATE": ["state"], "PUMP_ON": ["pump_on"], "GET": ["get"]}},
		"argkey": {"maptype": "strict", "map": {"flow": ["flow"], "setpoint": ["target"], "mode": ["mode"], "pump": ["pump"]}},
		"argvalue": {"maptype": "strict", "map": {"off": ["aus"]}}}`,
}

// check tells, a line each, what the map refuses of what the devices say of their entities and are told.
func TestCheckTellsWhatAMapRefusesOfEntities(t *testing.T) {
	folder(t, house)
	got := execute(t, "", "check", "-c", "house.yaml")
	const strict = " is not in the map, which is strict\n"
	want := `warning: entities of "boiler": argument "flow": "0"` + strict +
		`warning: entities of "boiler": argument "setpoint": "0"` + strict +
		`warning: entities of "boiler": action "SET"` + strict +
		`warning: entities of "boiler": argument "mode": "Heat"` + strict +
		`warning: entities of "boiler": argument "pump": "true"` + strict +
		`warning: entities of "boiler": argument "pump": "false"` + strict +
		`warning: entities of "boiler": action "PUMP_OFF"` + strict +
		`warning: entities of "boiler": action "overheated"` + strict +
		`warning: entities of "boiler": action "RESET"` + strict +
		`warning: entities of "bell": argkey "label"` + strict +
		`warning: entities of "bell": argument "label": "any text"` + strict
	if got.status != 0 || got.stderr != want {
		t.Errorf("status %d, standard error\n%swant\n%s", got.status, got.stderr, want)
	}
}

func TestCheckFindsFaultsOfEntities(t *testing.T) {
	for _, row := range []struct{ name, mapping, devices, want string }{
		{"two IDs that become one key", `{file: keys.json}`,
			`[{name: a, type: outspoken, params: {entities: [{id: flow, kind: number}, {id: temperature, kind: number}, {id: other, kind: number, address: {device: x}}]}}]`,
			`a.yaml:3:11: devices[0]: the map makes one key, "temperature", of the entities "flow" and "temperature", want one for each`},
		{"two devices that say STATE at one address", `{root: home, topics: [home/#]}`,
			`[{name: a, type: outspoken, address: {device: x}, params: {entities: [{id: flow, kind: number}]}}, {name: b, type: outspoken, params: {address: {device: x}, entities: [{id: temp, kind: number}]}}]`,
			`a.yaml:3:109: devices[1]: says STATE at "home////x/gw/S", and so does device "a": want an address for each`},
		{"two devices that say STATE at one topic, by the map", `{file: keys.json}`,
			`[{name: a, type: outspoken, address: {device: Up}, params: {entities: [{id: flow, kind: number}]}}, {name: b, type: outspoken, address: {device: down}, params: {entities: [{id: temp, kind: number}]}}]`,
			`a.yaml:3:110: devices[1]: says STATE at "home////down/gw/S", and so does device "a": want an address for each`},
		{"two devices whose address the map refuses", `{file: strict.json}`,
			`[{name: a, type: outspoken, address: {function: F, device: x}, params: {entities: [{id: flow, kind: number}]}}, {name: b, type: outspoken, address: {function: F, device: x}, params: {entities: [{id: temp, kind: number}]}}]`,
			`a.yaml:3:122: devices[1]: says STATE at "F///x", and so does device "a": want an address for each`},
		{"a description that is wrong", `{root: home, topics: [home/#]}`,
			`[{name: a, type: outspoken, params: {entities: [{id: Flow, kind: number}, {id: a, kind: tree}]}}]`,
			`a.yaml:3:11: devices[0]: entity "Flow": id: "Flow", want a small letter, then small letters, digits and _
a.yaml:3:11: devices[0]: entity "a": kind: "tree", want one of number, bool, enum, text, event, button`},
		{"a description that can't be made", `{root: home, topics: [home/#]}`, `[{name: a, type: outspoken, params: {entities: many}}]`,
			`a.yaml:3:11: devices[0]: json: cannot unmarshal string into Go struct field Device.entities of type []entity.Entity`},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder(t, map[string]string{
				"a.yaml":      "gateway: {name: gw}\nmapping: " + row.mapping + "\ndevices: " + row.devices + "\n",
				"keys.json":   `{"root": "home", "topics": ["home/#"], "argkey": {"maptype": "loose", "map": {"flow": ["temperature"]}}, "device": {"maptype": "loose", "map": {"Up": ["down"]}}}`,
				"strict.json": `{"root": "home", "topics": ["home/#"], "function": {"maptype": "strict", "map": {"G": ["g"]}}}`,
			})
			got := execute(t, "", "check", "-c", "a.yaml")
			var faults []string
			for line := range strings.Lines(got.stderr) {
				if !strings.HasPrefix(line, "warning: ") {
					faults = append(faults, line[strings.Index(line, "a.yaml:"):len(line)-1])
				}
			}
			if found := strings.Join(faults, "\n"); got.status != 1 || found != row.want {
				t.Errorf("status %d, faults\n%s\nwant\n%s", got.status, found, row.want)
			}
		})
	}
}

func TestExplainKnowsWhereEntitiesAre(t *testing.T) {
	folder(t, house)
	got := execute(t, "", "explain", "-c", "house.yaml", "--gateway.name", "gw", "home/heating///Pump/me/C", "get")
	for _, want := range []string{"boiler  yes", "bell    no     device is \"Pump\", and it answers to [\"bell\"]"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("lacks %q:\n%s", want, got.stdout)
		}
	}
}

func TestDevicesOfAConfiguration(t *testing.T) {
	folder(t, house)
	for _, row := range []struct {
		name   string
		args   []string
		status int
		stdout string
		stderr string
	}{
		{"all", nil, 0, `NAME    TYPE       ENTITIES
boiler  outspoken  7
bell    outspoken  1
lamp    dummy      only opening it tells which entities it has
`, ""},
		{"one", []string{"bell"}, 0, `{
  "address": {
    "device": "bell"
  },
  "entities": [
    {
      "id": "label",
      "kind": "text"
    }
  ]
}
`, ""},
		{"one that only opening tells of", []string{"lamp"}, 1, "", "device \"lamp\": only opening it tells which entities it has\n"},
		{"none", []string{"dummy"}, 1, "", "no device \"dummy\" is configured (have \"boiler\", \"bell\", \"lamp\")\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := execute(t, "", append([]string{"devices", "-c", "house.yaml"}, row.args...)...)
			if got.status != row.status || got.stdout != row.stdout || got.stderr != row.stderr {
				t.Errorf("got %d\n%s%s\nwant %d\n%s%s", got.status, got.stdout, got.stderr, row.status, row.stdout, row.stderr)
			}
		})
	}
	if got := execute(t, "", "devices", "-c", "house.yaml", "boiler"); !strings.Contains(got.stdout, `"hidden": true`) || !strings.Contains(got.stdout, `"unit": "°C"`) {
		t.Errorf("got %+v", got)
	}
}

// The map that is printed is one, knows all words, and check has nothing to tell with it.
func TestMap(t *testing.T) {
	folder(t, house)
	got := execute(t, "", "map", "--from", "house.yaml")
	want := `{
  "root": "home",
  "topics": ["home/#"],
  "function": {
    "maptype": "loose",
    "map": {
      "Heating": ["heating"]
    }
  },
  "gateway": {"maptype": "none"},
  "location": {
    "maptype": "loose",
    "map": {
      "Cellar": ["cellar"],
      "DiningRm": ["dining_rm"]
    }
  },
  "device": {
    "maptype": "loose",
    "map": {
      "bell": ["bell"],
      "lamp": ["lamp"],
      "Pump": ["pump"]
    }
  },
  "sender": {"maptype": "none"},
  "action": {
    "maptype": "loose",
    "map": {
      "STATE": ["state"],
      "SET": ["set"],
      "GET": ["get"],
      "PUMP_OFF": ["pump_off"],
      "PUMP_ON": ["pump_on"],
      "overheated": ["overheated"],
      "RESET": ["reset"]
    }
  },
  "argkey": {
    "maptype": "loose",
    "map": {
      "flow": ["flow"],
      "setpoint": ["setpoint"],
      "mode": ["mode"],
      "pump": ["pump"],
      "label": ["label"]
    }
  },
  "argvalue": {
    "maptype": "loose",
    "map": {
      "off": ["off"],
      "Heat": ["heat"]
    }
  }
}
`
	if got.status != 0 || got.stdout != want || got.stderr != "warning: the words of \"lamp\" are missing: only opening it tells which entities it has\n" {
		t.Errorf("got %d, %s%s", got.status, got.stderr, got.stdout)
	}
	if err := os.WriteFile("house_map.json", []byte(got.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := execute(t, "", "check", "-c", "house.yaml"); got.status != 0 || got.stderr != "" {
		t.Errorf("check with the map: %+v", got)
	}
	// Made strict, it refuses nothing but values: it is whole.
	strict := strings.ReplaceAll(got.stdout, "loose", "strict")
	strict = strings.Replace(strict, `"argvalue": {`+"\n    "+`"maptype": "strict"`, `"argvalue": {`+"\n    "+`"maptype": "loose"`, 1)
	if err := os.WriteFile("house_map.json", []byte(strict), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := execute(t, "", "check", "-c", "house.yaml"); got.status != 0 || got.stderr != "" {
		t.Errorf("check with the map made strict: %+v", got)
	}
}

// Words that MQTT would have alike, or not at all as levels of a topic, get different ones; without root and topics there are some to begin with.
func TestMapOfDifficultWords(t *testing.T) {
	folder(t, map[string]string{"a.yaml": `
devices:
  - {name: a, type: dummy, answers_to: {location: [Living Room, living_room, LIVING/ROOM, "#", "$x", Küche1A]}, params: {port: none}}
`})
	got := execute(t, "", "map", "--from", "a.yaml")
	for _, want := range []string{
		`"root": "home"`, `"topics": ["home/+/+/+/+/+/C"]`, `"Living Room": ["living_room"]`, `"living_room": ["living_room_2"]`, `"LIVING/ROOM": ["living_room_3"]`,
		`"#": ["_"]`, `"$x": ["$x"]`, `"Küche1A": ["küche1_a"]`,
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if _, warnings, err := mapping.Parse([]byte(got.stdout)); err != nil || len(warnings) > 0 || got.status != 0 {
		t.Errorf("%v, %v:\n%s", err, warnings, got.stdout)
	}
	if got := execute(t, "", "map"); got.status != 1 || !strings.Contains(got.stderr, `required flag(s) "from" not set`) {
		t.Errorf("without --from: %+v", got)
	}
	if got := execute(t, "", "map", "--from", "nowhere.yaml"); got.status != 1 || got.stdout != "" {
		t.Errorf("from nowhere: %+v", got)
	}
}
