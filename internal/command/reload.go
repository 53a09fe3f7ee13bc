package command

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/command/logging"
)

// reloader reads the configuration of a running gateway again.
type reloader struct {
	load    func() (*config.Loaded, error)
	started *config.Loaded // what the gateway was started with
	gateway *actors.Gateway
	logs    *logging.Logs
	log     *slog.Logger

	told map[string]bool // the warnings that stand
}

// warn tells of the warnings that did not stand before.
func (r *reloader) warn(warnings []string) {
	stand := make(map[string]bool, len(warnings))
	for _, warning := range warnings {
		if !r.told[warning] && !stand[warning] {
			r.log.Warn("configuration", "warning", warning)
		}
		stand[warning] = true
	}
	r.told = stand
}

// reload has the log file looked for anew, and puts the map and the console's level in force that the configuration says by
// now, both or neither. What else has changed is named: it waits for a restart.
func (r *reloader) reload() error {
	r.logs.Reopen()
	l, err := r.load()
	var waiting []string
	if err == nil {
		waiting = r.waiting(l)
		l.Config.Gateway.Name = r.started.Config.Gateway.Name // the map is for the gateway that runs
	}
	p, warnings, err := inspect(l, err)
	if err != nil {
		return err
	}
	if err := r.gateway.Reload(p.codec); err != nil {
		if l.Config.Mapping.File != "" {
			return fmt.Errorf("map file %q: %w", l.Config.Mapping.File, err)
		}
		return fmt.Errorf("%s: %w", l.Name("mapping.root"), err)
	}
	r.logs.Console.Set(slog.Level(l.Config.Log.Level))
	r.warn(warnings)
	if len(waiting) > 0 {
		r.log.Info("these options have changed, and need a restart", "options", waiting)
	}
	return nil
}

// reloaded are the options that a reload puts in force.
var reloaded = []string{"mapping.file", "mapping.root", "mapping.topics", "log.level"}

// waiting names the options that differ from those in force and stay so.
func (r *reloader) waiting(l *config.Loaded) (names []string) {
	for _, key := range r.started.Config.Changes(&l.Config) {
		if !slices.Contains(reloaded, key) {
			names = append(names, l.Name(key))
		}
	}
	return names
}
