package config

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Every number, size and duration has bounds, and a value beyond them is refused.
func TestEveryNumberHasBounds(t *testing.T) {
	device := DefaultDevice()
	device.Name, device.Type = "a", "b"
	for prefix, v := range map[string]any{"": Default(), "devices[0].": device} {
		for f, value := range options.All(v) {
			absurd := []string{"2562047h47m16s", "1ns", "-1s"}
			switch value.(type) {
			case time.Duration:
			case int, Size:
				absurd = []string{"9223372036854775807", "-1"}
			case string, bool, Secret, Level, []string, []Line, []Device, map[string]any:
				continue
			default:
				t.Errorf("%s%s: a %T is new to this test", prefix, f.Key, value)
				continue
			}
			if f.Bounds.Min == "" || f.Bounds.Max == "" {
				t.Errorf("%s%s has no bounds", prefix, f.Key)
				continue
			}
			for _, text := range absurd {
				if text == "1ns" && strings.HasPrefix(f.Bounds.Min, "0") {
					continue
				}
				yaml := nested(prefix == "", f.Key, text)
				_, err := loadYAML(t, yaml)
				if want := prefix + f.Key + ": "; err == nil || !strings.HasPrefix(unplaced(err), want) || !strings.HasSuffix(err.Error(), "is out of range: want "+f.Bounds.String()) {
					t.Errorf("%s: %v", yaml, err)
				}
			}
		}
	}
}

// nested writes one option of the configuration, or of a device, as YAML.
func nested(top bool, key, value string) string {
	path := strings.Split(key, ".")
	yaml := strings.Join(path, ": {") + ": " + value + strings.Repeat("}", len(path)-1)
	if !top {
		yaml = "devices: [{name: a, type: b, " + yaml + "}]"
	}
	return yaml
}

// Values within the bounds suit the code that calculates with them.
func TestBoundsSuitTheirUsers(t *testing.T) {
	for _, f := range Flags() {
		if f.Type != "size" {
			continue
		}
		var most Size
		if err := most.UnmarshalText([]byte(f.Bounds.Max)); err != nil {
			t.Fatal(err)
		}
		// Such options become an int, which has 32 bits on small machines.
		if strings.HasPrefix(f.Key, "mqtt.") && most > math.MaxInt32 {
			t.Errorf("%s may be %v, which no small box can count", f.Key, most)
		}
	}
}
