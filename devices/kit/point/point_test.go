package point_test

import (
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

type params struct {
	Points []struct {
		point.Params
		Register int `koanf:"register" default:"0"`
	} `koanf:"points"`
}

func decode(t *testing.T, raw map[string]any) *point.Params {
	t.Helper()
	var p params
	if err := options.Decode(map[string]any{"points": []any{raw}}, &p); err != nil {
		t.Fatal(err)
	}
	return &p.Points[0].Params
}

func TestEntity(t *testing.T) {
	p := decode(t, map[string]any{"id": "setpoint", "min": 5, "max": 60, "step": 0.5, "unit": "°C", "class": "temperature",
		"decimals": 1, "location": "Cellar", "heartbeat": "10m", "register": 100})
	e := p.Entity(entity.Number, true)
	if e.ID != "setpoint" || e.Kind != entity.Number || !e.Write || *e.Min != 5 || *e.Max != 60 || *e.Step != 0.5 || *e.Decimals != 1 ||
		e.Address.Location != "Cellar" || e.Report.Heartbeat.Minutes() != 10 {
		t.Errorf("the entity is %+v", e)
	}
	if err := point.Check("points[0]", e); err != nil {
		t.Error(err)
	}
	if e = decode(t, map[string]any{"id": "door", "kind": "bool"}).Entity(entity.Number, false); e.Kind != entity.Bool || e.Min != nil || e.Decimals != nil {
		t.Errorf("the entity is %+v", e)
	}
}

// A fault stands at the option that it is about.
func TestCheck(t *testing.T) {
	for says, raw := range map[string]map[string]any{
		`points[2].id: "Power", want a small letter`:                 {"id": "Power"},
		`points[2].class: "flour", want one that Home Assistant has`: {"id": "a", "class": "flour"},
		`points[2].unit: "V" does not fit the class "power"`:         {"id": "a", "class": "power", "unit": "V"},
		`points[2].kind: "flag", want one of number, bool`:           {"id": "a", "kind": "flag"},
		`points[2].deadband: 2 of a bool, want none`:                 {"id": "a", "kind": "bool", "deadband": 2},
		`points[2].heartbeat: 1s is less than at_most`:               {"id": "a", "heartbeat": "1s", "at_most": "2s"},
		`points[2].words: "maybe" is no value of it, want true or`:   {"id": "a", "kind": "bool", "words": map[string]any{"maybe": "X"}},
		`points[2].max: 1 is not above min, 2`:                       {"id": "a", "min": 2, "max": 1},
	} {
		err := point.Check("points[2]", decode(t, raw).Entity(entity.Number, false))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %s", raw, err, says)
		}
	}
	grouped := decode(t, map[string]any{"id": "level", "group": map[string]any{"kind": "light", "id": "lamp", "role": "brightness"}})
	if err := point.Check("points[2]", grouped.Entity(entity.Number, true)); err != nil {
		t.Errorf("a part of a group, of which the others are other points: %v", err)
	}
}
