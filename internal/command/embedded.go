package command

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/broker"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/users"
)

// readUsers reads the file of users that an option names. If there is no file, or an error, there are no users.
func readUsers(l *config.Loaded, key, path string) (users.List, error) {
	if !filepath.IsAbs(path) {
		return users.List{}, nil
	}
	text, err := files.Text(path)
	if err != nil {
		return users.List{}, l.Fault(key, err)
	}
	list, err := users.Parse(text)
	if err != nil {
		return users.List{}, eachUnder(fmt.Sprintf("%s: %q", l.Name(key), path), err)
	}
	return list, nil
}

// unusedEmbedded returns a warning for each option of the embedded broker that is set although the gateway uses another
// broker.
func unusedEmbedded(l *config.Loaded) []string {
	if l.Config.MQTT.Broker == config.Embedded {
		return nil
	}
	var warnings []string
	usual := make(map[string]any)
	for f, value := range options.All(config.Default().Embedded) {
		usual[f.Key] = value
	}
	for f, value := range options.All(l.Config.Embedded) {
		if value != usual[f.Key] {
			key := l.Name("embedded." + f.Key)
			warnings = append(warnings, fmt.Sprintf("%s: of no use with the broker at %s: want mqtt.broker: %s", key, options.RedactAddress(l.Config.MQTT.Broker), config.Embedded))
		}
	}
	return warnings
}

// startEmbedded starts the embedded broker.
func startEmbedded(c *config.Config, p parts, log *slog.Logger) (*broker.Broker, error) {
	e := c.Embedded
	return broker.Start(broker.Options{
		Address:   e.Address,
		Users:     p.users,
		MaxPacket: max(int(c.MQTT.MaxPacket), 1<<20), // mqtt.max_packet bounds what the gateway receives only
		ClientID:  c.ClientID(),
		Reserved:  p.codec.Root() + "/$gateway/" + p.codec.Name(),
		Limits: broker.Limits{
			Clients:       e.MaxClients,
			Silent:        e.MaxSilent,
			Sessions:      e.MaxSessions,
			SessionSize:   int(e.MaxSessionSize),
			Subscriptions: e.MaxSubscriptions,
			Retained:      e.MaxRetained,
			RetainedSize:  int(e.MaxRetainedSize),
			Levels:        e.MaxLevels,
			QueueSize:     int(e.MaxQueueSize),
		},
		Log: log,
	})
}

// withOwnLogin returns a copy of c that has the gateway's own account at the embedded broker.
func withOwnLogin(c *config.Config, embedded *broker.Broker) *config.Config {
	own := *c
	username, password := embedded.Account()
	own.MQTT.Username, own.MQTT.Password = username, config.Secret(password)
	return &own
}

// guestLogin returns the login for clients that a newcomer tries out at the embedded broker: the name of the first user,
// if there are users.
func guestLogin(list users.List) (m config.MQTT) {
	if names := list.Names(); len(names) > 0 {
		m.Username, m.Password = names[0], "known to the reader"
	}
	return m
}
