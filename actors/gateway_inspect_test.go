package actors_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("vault", func(_ context.Context, env devices.Env, p vaultParams) (devices.Device, error) {
		return &lamp{env}, nil
	})
}

type vaultParams struct {
	Door   string         `koanf:"door" doc:"which"`
	Combin devices.Secret `koanf:"combin" doc:"what opens it"`
}

// Inspect shows a device as it is, with its values and why there are none, and no secrets.
func TestInspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{
			{Name: "b", Type: "boiler"},
			{Name: "v", Type: "vault", Params: map[string]any{"door": "front", "combin": "swordfish"}},
			{Name: "typo", Type: "vault", Params: map[string]any{"door": "front", "kombin": "swordfish"}},
			{Name: "hub", Type: "bridge"},
		})
		defer b.end()
		b.arrive("home////b/me/C", `{"action":"FLOW","value":20.5}`)
		time.Sleep(time.Second)

		i, ok := b.gateway.Inspect("b")
		if !ok || i.Name != "b" || i.Handled != 1 || i.Entry.State != messages.Online || i.Address.Device != "b" {
			t.Errorf("the boiler is %+v", i)
		}
		if i.Description == nil || i.Description.Model != "B7" {
			t.Errorf("it is described as %+v", i.Description)
		}
		if len(i.Values) != 3 || i.Values[0].Value.Raw() != "20.5" || time.Since(i.Values[0].Confirmed) != time.Second || i.Values[1].Reason == nil {
			t.Errorf("its values are %+v", i.Values)
		}

		i, _ = b.gateway.Inspect("v")
		if p := i.Config.Params; p["door"] != "front" || p["combin"] != "******" || i.Description != nil || i.Values != nil {
			t.Errorf("the vault is %+v", i)
		}
		i, _ = b.gateway.Inspect("typo")
		if p := i.Config.Params; p["kombin"] != "******" || i.Entry.State != messages.Misconfigured || !strings.Contains(i.Entry.Reason, "kombin") {
			t.Errorf("the vault with a misspelt option is %+v", i)
		}
		if c, _ := b.gateway.Configuration("v"); c.Params["combin"] != "swordfish" {
			t.Errorf("Inspect has written to the configuration: %v", c.Params)
		}
		if _, ok := b.gateway.Inspect("x"); ok {
			t.Error("there is a device that nobody has configured")
		}
	})
}
