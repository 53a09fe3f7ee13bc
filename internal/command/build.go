package command

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/broker"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/paho"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// parts is what a configuration names, read.
type parts struct {
	codec    *mapping.Codec
	security func() (*tls.Config, error) // nil for the defaults
	users    broker.Users                // of the broker inside
}

// buildOptions makes of a configuration what the actors want of it. The broker's URL is that of the broker inside if
// that is used.
func buildOptions(c *config.Config, p parts, broker string, log *slog.Logger) actors.Options {
	m := c.MQTT
	return actors.Options{
		Codec:   p.codec,
		Devices: c.Devices,
		Broker:  options.RedactAddress(broker),
		Session: mqtt.Options{
			Broker:         broker,
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
		StartWait: c.Gateway.StartWait,

		RetainedCommands: c.Mapping.RetainedCommands,
		NoAvailability:   !m.Availability,
		Grace:            c.Gateway.Grace,
		Throttle:         c.Log.Throttle,
		Log:              log,
	}
}

// transport returns the way to speak MQTT that the configuration names.
func transport(name string) mqtt.Dial {
	switch name {
	case config.TransportDirect:
		return direct.Dial
	case config.TransportPaho:
		return paho.Dial
	}
	panic("command: no transport " + name) // The configuration was checked.
}

// rivalWait is the wait after a takeover: two gateways that throw each other out connect some four times a minute each.
// It is no longer, for a network that cuts every connection right after it was made looks the same, and may be well
// again at any time.
var rivalWait = backoff.Range{Min: 14 * time.Second, Max: 18 * time.Second}

// longWait is the wait after what time alone won't cure.
func longWait(longest time.Duration) backoff.Range {
	longest = max(longest, 30*time.Second)
	return backoff.Range{Min: longest, Max: 2 * longest}
}
