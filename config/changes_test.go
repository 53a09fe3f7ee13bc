package config

import (
	"slices"
	"testing"
)

func TestChanges(t *testing.T) {
	base := func() *Config {
		c := Default()
		for _, name := range []string{"a", "b"} {
			d := DefaultDevice()
			d.Name, d.Params = name, map[string]any{"port": "none"}
			c.Devices = append(c.Devices, d)
		}
		c.MQTT.Password = "swordfish"
		return &c
	}
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"nothing", func(*Config) {}, nil},
		{"some of several sections", func(c *Config) { c.Log.Level, c.MQTT.Reconnect.Max = Debug, 1 }, []string{"mqtt.reconnect.max", "log.level"}},
		{"a secret", func(c *Config) { c.MQTT.Password = "other" }, []string{"mqtt.password"}},
		{"a list", func(c *Config) { c.Mapping.Topics = []string{"x"} }, []string{"mapping.topics"}},
		{"a device", func(c *Config) { c.Devices[1].Retain, c.Devices[1].Params = true, nil }, []string{"devices[1].retain", "devices[1].params"}},
		{"a device less", func(c *Config) { c.Devices = c.Devices[:1] }, []string{"devices"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := base()
			row.change(c)
			if got := base().Changes(c); !slices.Equal(got, row.want) {
				t.Errorf("changes %q, want %q", got, row.want)
			}
		})
	}
}
