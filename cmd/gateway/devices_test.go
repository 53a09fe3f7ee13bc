package main

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
)

// Each type of device that the program has says what it is, and shows an example that can be copied.
func TestTypesAreDocumented(t *testing.T) {
	for _, typ := range devices.Types() {
		if _, err := typedoc.Example(typ); err != nil {
			t.Errorf("the example of %s:\n%s\n%v", typ.Name, typ.Example, err)
		}
		if typ.Doc == "" {
			t.Errorf("%s does not say what it is: want devices.Doc", typ.Name)
		}
		for _, p := range typ.Params {
			if p.Doc == "" {
				t.Errorf("%s: the parameter %s says nothing of itself: want a doc tag", typ.Name, p.Key)
			}
		}
	}
}
