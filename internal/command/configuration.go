package command

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/views/api"
)

// configuration is what the gateway was told to do, for the API. A reload changes it.
type configuration struct {
	gateway  *actors.Gateway
	requests *service.Requests
	path     string // of the configuration file, beside which profiles may stand

	mu    sync.Mutex // guards what follows
	codec *mapping.Codec
	known config.Config // without lines and devices, which the gateway knows
	since time.Time
}

var _ api.Configuration = (*configuration)(nil)

// put says what is in force now.
func (c *configuration) put(codec *mapping.Codec, known config.Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.codec, c.known, c.since = codec, known, time.Now()
}

// Codec implements api.Configuration.
func (c *configuration) Codec() *mapping.Codec {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codec
}

// Do implements api.Configuration.
func (c *configuration) Do(ctx context.Context, r service.Request) service.Difference {
	return c.requests.Do(ctx, r)
}

// mostInForce is how many devices are shown. A meter with a profile has 80 points: ten thousand of them would be 100 MB, for which the
// only processor works most of a minute. The view of a device shows its own parameters, whatever their number.
const mostInForce = 200

// InForce implements api.Configuration. Devices have complete parameters: those of their profile and of their line among them. The first
// line tells since when the configuration is in force, so that each reload makes another text.
func (c *configuration) InForce() string {
	c.mu.Lock()
	shown, codec, since := c.known, c.codec, c.since
	c.mu.Unlock()
	shown.MQTT.Broker = options.RedactAddress(shown.MQTT.Broker)
	shown.MQTT.ClientID = shown.ClientID()
	shown.Mapping.Root, shown.Mapping.Topics = codec.Root(), slices.Clone(codec.Topics())
	more := 0
	for u := range c.gateway.Watch(context.Background()) { // the first update is whole
		for _, e := range u.Entries {
			if e.Kind != supervision.Device || e.AddedBy != "" {
				continue
			}
			if len(shown.Devices) == mostInForce {
				more++
			} else if d, ok := c.gateway.Configuration(e.Name); ok {
				shown.Devices = append(shown.Devices, d)
			}
		}
		break
	}
	text := "# In force since " + since.UTC().Format("2006-01-02T15:04:05.000Z07:00") + ".\n"
	if more > 0 {
		text += fmt.Sprintf("# The first %d devices; there are %d more: GET /api/v1/devices/NAME has the parameters of each.\n", mostInForce, more)
	}
	return text + config.Document(shown.Settings(lineFields, fieldsWith(wanted.Library(c.path))))
}
