package command

import (
	"context"
	"reflect"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
)

func TestWithoutSecrets(t *testing.T) {
	type params struct {
		Port string         `koanf:"port" doc:"where" default:""`
		Pin  devices.Secret `koanf:"pin" doc:"what proves it" default:""`
		Deep struct {
			Baud int            `koanf:"baud" doc:"how fast" default:"1"`
			Pin  devices.Secret `koanf:"pin" doc:"what proves it" default:""`
		} `koanf:"deep"`
		Map map[string]string `koanf:"map" doc:"words"`
	}
	devices.Register("secretive", func(context.Context, devices.Env, params) (devices.Device, error) { return nil, nil })
	given := map[string]any{
		"Port": "/dev/tty", "PIN": "1234", "pinn": "1234", "map": map[string]any{"a": "b"},
		"deep": map[string]any{"baud": 9600, "pin": 1234, "bin": 1234}, "ports": map[string]any{"pin": "1234"},
	}
	want := map[string]any{
		"Port": "/dev/tty", "PIN": "******", "pinn": "******", "map": map[string]any{"a": "b"},
		"deep": map[string]any{"baud": 9600, "pin": "******", "bin": "******"}, "ports": map[string]any{"pin": "******"},
	}
	list := []config.Device{{Type: "secretive", Params: given}, {Type: "raw", Params: given}, {Type: "unknown", Params: given}}
	got := withoutSecrets(list)
	if !reflect.DeepEqual(got[0].Params, want) {
		t.Errorf("got  %v\nwant %v", got[0].Params, want)
	}
	if !reflect.DeepEqual(got[1].Params, given) || !reflect.DeepEqual(got[2].Params, given) {
		t.Errorf("of types that say nothing: got %v", got[1:])
	}
	if !reflect.DeepEqual(list[0].Params, given) {
		t.Error("what is shown has changed the configuration")
	}
}
