package command

import (
	"log/slog"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/paho"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
)

// buildOptions converts a configuration into the options of the actors. brokerURL is the address to connect to: the
// embedded broker's, if the configuration says so.
func buildOptions(c *config.Config, p parts, brokerURL string, log *slog.Logger) actors.Options {
	m := c.MQTT
	return actors.Options{
		Codec:   p.codec,
		Devices: wanted.Complete(p.devices),
		Broker:  options.RedactAddress(brokerURL),
		Session: mqtt.Options{
			Broker:         brokerURL,
			ClientID:       c.ClientID(),
			Username:       m.Username,
			Password:       m.Password.Reveal(),
			KeepAlive:      m.KeepAlive,
			ConnectTimeout: m.ConnectTimeout,
			AckTimeout:     m.AckTimeout,
			CleanSession:   m.CleanSession,
			TLS:            p.security,
			MaxPacket:      int(m.MaxPacket),
		},
		Dial: transport(m.Transport),
		QoS:  byte(m.QoS),
		Link: link.Policy{
			Lag:     m.Lag,
			Timeout: m.ConnectTimeout,
			Will:    m.Will && m.Availability,
			Backoff: backoff.Policy{Min: m.Reconnect.Min, Max: m.Reconnect.Max},
			Long:    longWait(m.Reconnect.Max),
			Rival:   rivalWait,
		},
		Outbox:    actors.OutboxSize{Messages: m.Outbox.Messages, Bytes: int(m.Outbox.Size)},
		Spool:     actors.Spool{Dir: m.Spool, Batch: m.SpoolBatch},
		State:     c.Gateway.State,
		StartWait: c.Gateway.StartWait,

		RetainedCommands: c.Mapping.RetainedCommands,
		NoAvailability:   !m.Availability,
		Grace:            c.Gateway.Grace,
		Throttle:         c.Log.Throttle,
		Log:              log,
	}
}

// transport returns the MQTT client that the configuration names.
func transport(name string) mqtt.Dial {
	switch name {
	case config.TransportDirect:
		return direct.Dial
	case config.TransportPaho:
		return paho.Dial
	}
	panic("command: no transport " + name) // config has checked the name
}

// rivalWait is the wait after a suspected takeover: two gateways with the same client id, which disconnect each other,
// then connect about four times a minute each. The wait is not longer, because a network that cuts every connection
// right after the connect looks the same as a takeover, and may recover at any time.
var rivalWait = backoff.Range{Min: 14 * time.Second, Max: 18 * time.Second}

// longWait is the wait after a failure that time alone does not cure, such as a refused login.
func longWait(longest time.Duration) backoff.Range {
	longest = max(longest, 30*time.Second)
	return backoff.Range{Min: longest, Max: 2 * longest}
}
