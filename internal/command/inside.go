package command

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/broker"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// readUsers reads those who may sign in to the broker inside. It is nobody beside an error, and if there is no file.
func readUsers(l *config.Loaded) (broker.Users, error) {
	path := l.Config.Embedded.UsersFile
	if !filepath.IsAbs(path) {
		return broker.Users{}, nil
	}
	text, err := files.Text(path)
	if err != nil {
		return broker.Users{}, fmt.Errorf("%s: %w", l.Name("embedded.users_file"), err)
	}
	users, err := broker.ParseUsers(text)
	if err != nil {
		return broker.Users{}, eachUnder(fmt.Sprintf("%s: %q", l.Name("embedded.users_file"), path), err)
	}
	return users, nil
}

// idleInside warns of options of the broker inside while another is in use.
func idleInside(l *config.Loaded) []string {
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

// startInside starts the broker inside.
func startInside(c *config.Config, p parts, log *slog.Logger) (*broker.Broker, error) {
	e := c.Embedded
	return broker.Start(broker.Options{
		Address:   e.Address,
		Users:     p.users,
		MaxPacket: max(int(c.MQTT.MaxPacket), 1<<20), // that option is about what the gateway takes, and it sends as well
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

// signedIn is c with the gateway's own account at the broker inside.
func signedIn(c *config.Config, inside *broker.Broker) *config.Config {
	own := *c
	username, password := inside.Account()
	own.MQTT.Username, own.MQTT.Password = username, config.Secret(password)
	return &own
}

// asGuest is how a newcomer's own clients speak to the broker inside: as the first of its users, if it has any.
func asGuest(users broker.Users) (m config.MQTT) {
	if names := users.Names(); len(names) > 0 {
		m.Username, m.Password = names[0], "known to the reader"
	}
	return m
}
