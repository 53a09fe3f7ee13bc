package command

import (
	"cmp"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/profile"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// shownDevices is how many devices the log shows with their options at the start.
const shownDevices = 20

// sayStart logs the program's name and version, and the options in force, one line for each section.
func sayStart(log *slog.Logger, l *config.Loaded, codec *mapping.Codec) {
	log.Info("starting", "name", l.Config.Gateway.Name, "version", version(), "config", cmp.Or(l.Path, "none"))
	settings := inForce(l, codec).Settings(lineFields, fieldsWith(wanted.Library(l.Path)))
	for len(settings) > 0 {
		section, _, _ := strings.Cut(settings[0].Key, ".")
		attrs := []any{"section", section}
		for len(settings) > 0 && strings.HasPrefix(settings[0].Key, section+".") {
			value := settings[0].Value
			if text, err := strconv.Unquote(value); err == nil { // the log quotes values itself
				value = text
			}
			attrs = append(attrs, settings[0].Key[len(section)+1:], value)
			settings = settings[1:]
		}
		log.Info("options in force", attrs...)
	}
	if more := len(l.Config.Devices) - shownDevices; more > 0 {
		log.Info("options in force", "section", "devices", "more", more)
	}
}

// fieldsWith returns a config.DeviceFields: the parameters of a device are those of its type, the name of a profile, and what that profile
// declares.
func fieldsWith(library profile.Library) config.DeviceFields {
	return func(d config.Device) ([]options.Field, bool) {
		t, err := devices.Lookup(d.Type)
		fields := slices.Concat([]options.Field{{Key: wanted.ProfileKey}}, t.Params)
		for key, value := range d.Params {
			name, isText := value.(string)
			if !isText || !strings.EqualFold(key, wanted.ProfileKey) {
				continue
			}
			if p, err := library.Find(name); err == nil {
				fields = append(fields, p.Params()...)
			}
		}
		return fields, err == nil && t.Check != nil
	}
}

// lineFields returns the options of a protocol of lines; it is a config.LineFields.
func lineFields(protocol string) ([]options.Field, bool) {
	p, err := lines.Lookup(protocol)
	if err != nil {
		return nil, false
	}
	return p.Fields, true
}

// inForce returns the configuration in force, to be logged: with the client id and the map's root and topics filled in,
// without the secrets in the broker's address, and with no more than shownDevices devices.
func inForce(l *config.Loaded, codec *mapping.Codec) *config.Config {
	c := l.Config
	c.MQTT.Broker = options.RedactAddress(c.MQTT.Broker)
	c.MQTT.ClientID = c.ClientID()
	c.Devices = c.Devices[:min(len(c.Devices), shownDevices)]
	c.Mapping.Root, c.Mapping.Topics = codec.Root(), codec.Topics()
	if usesExampleMap(l) {
		c.Mapping.File = "the example's"
	}
	return &c
}
