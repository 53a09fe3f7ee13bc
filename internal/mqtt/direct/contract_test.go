package direct

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract"
)

// transport is the transport of this package, for the contract's tests.
var transport = contract.Transport{
	Dial:    Dial,
	Connect: connect,
	Gone:    func(s mqtt.Session) <-chan struct{} { return s.(*session).gone },
}

func TestContract(t *testing.T) { contract.Run(t, transport) }

func FuzzSession(f *testing.F) { contract.Fuzz(f, transport) }
