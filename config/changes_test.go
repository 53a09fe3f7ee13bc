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
		{"a device", func(c *Config) { c.Devices[1].Retain, c.Devices[1].Params = true, nil }, nil},
		{"a device less", func(c *Config) { c.Devices = c.Devices[:1] }, nil},
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

func TestDeviceChanges(t *testing.T) {
	base := func() *Device {
		d := DefaultDevice()
		d.Name = "lamp"
		d.AnswersTo.Location = []string{"Kitchen", "Office"}
		d.Params = map[string]any{"port": "none", "bus": map[string]any{"baud": 9600, "parity": "even"}, "list": []any{1, 2}}
		return &d
	}
	for _, row := range []struct {
		name   string
		change func(*Device)
		want   []string
	}{
		{"nothing", func(*Device) {}, nil},
		{"some", func(d *Device) { d.Retain, d.Mailbox = true, 7 }, []string{"retain", "mailbox"}},
		{"what it answers to", func(d *Device) { d.AnswersTo.Location = d.AnswersTo.Location[:1] }, []string{"answers_to.location"}},
		{"its parameters", func(d *Device) { d.Params["port"], d.Params["list"] = "other", []any{1} }, []string{"params.list", "params.port"}},
		{"one more and one less", func(d *Device) { d.Params["new"] = nil; delete(d.Params, "port") }, []string{"params.new", "params.port"}},
		{"one within another", func(d *Device) { d.Params["bus"] = map[string]any{"baud": 9600, "parity": "odd"} }, []string{"params.bus.parity"}},
		{"a map that is none any more", func(d *Device) { d.Params["bus"] = "usb" }, []string{"params.bus"}},
		{"all of them", func(d *Device) { d.Params = nil }, []string{"params.bus", "params.list", "params.port"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := base()
			row.change(d)
			if got := base().Changes(d); !slices.Equal(got, row.want) {
				t.Errorf("changes %q, want %q", got, row.want)
			}
		})
	}
}
