package command

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/command/logging"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/views/metrics"
)

// reloader reads the configuration of a running gateway again. If it finds a fault, it returns the fault and changes
// nothing.
type reloader struct {
	load    func() (*config.Loaded, error)
	started config.Config // with which the gateway was started; Lines and Devices are nil
	logins  logins        // likewise
	gateway running
	logs    *logging.Logs
	log     *slog.Logger

	put     func(*mapping.Codec, config.Config) // is told what is in force after each reload
	inForce config.Config                       // started, with the options that reloads have put in force
	codec   *mapping.Codec                      // the map in force
	told    map[string]bool                     // warnings of the latest reading, which have been logged
	outcome atomic.Pointer[metrics.Reload]      // of the latest reload, or of the start
}

// running is the part of actors.Gateway that a reload uses.
type running interface {
	Reload(*mapping.Codec) error
	Compare(context.Context, []config.Device) (actors.Changes, error)
	Apply(context.Context, []config.Device) (actors.Changes, error)
	Configuration(device string) (config.Device, bool)
}

func newReloader(load func() (*config.Loaded, error), l *config.Loaded, p parts, g running, logs *logging.Logs) *reloader {
	r := &reloader{
		load: load, started: l.Config, logins: p.logins, codec: p.codec,
		gateway: g, logs: logs, log: logs.Logger, put: func(*mapping.Codec, config.Config) {},
	}
	r.started.Lines, r.started.Devices = nil, nil // they come and go, and the gateway knows them
	r.inForce = r.started
	r.outcome.Store(&metrics.Reload{Successful: true, Succeeded: time.Now()})
	return r
}

// latest returns how the latest reload went. Any goroutine may call it.
func (r *reloader) latest() metrics.Reload { return *r.outcome.Load() }

// warn logs those warnings that the previous reading did not have.
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

// successor is a configuration without faults, which a reload can put in force.
type successor struct {
	config   config.Config
	devices  []config.Device // with complete parameters
	codec    *mapping.Codec
	warnings []string
}

// read reads the configuration. The Difference holds the faults, or what differs from the configuration in force.
func (r *reloader) read(ctx context.Context) (successor, service.Difference) {
	l, err := r.load()
	d := service.Difference{Restart: r.waiting(l, err)}
	if err == nil {
		// The name of the running gateway stays, and the map depends on it.
		l.Config.Gateway.Name = r.started.Gateway.Name
	}
	p, warnings, err := examine(l, err)
	if err == nil && p.codec.Root() != r.codec.Root() {
		err = ofMap(l, fmt.Errorf("root %q instead of %q: another root needs a restart", p.codec.Root(), r.codec.Root()))
	}
	list := wanted.Complete(p.devices)
	var changes actors.Changes
	if err == nil {
		changes, err = r.gateway.Compare(ctx, list)
	}
	if err != nil {
		return successor{}, refused(err)
	}
	for _, key := range r.logins.changes(p.logins) {
		if name := l.Name(key); !slices.Contains(d.Restart, name) {
			d.Restart = append(d.Restart, name)
		}
	}
	d.Map = r.codec.Changes(p.codec)
	for _, key := range r.inForce.Changes(&l.Config) {
		if slices.Contains(reloaded, key) {
			d.Options = append(d.Options, l.Name(key))
		}
	}
	r.devices(&d, changes, list)
	return successor{l.Config, list, p.codec, warnings}, d
}

// devices fills in the added, removed and changed devices, and for each changed device the options that differ.
func (r *reloader) devices(d *service.Difference, changes actors.Changes, list []config.Device) {
	d.Added, d.Removed, d.Kept = changes.Added, changes.Removed, len(changes.Kept)
	if len(changes.Changed) == 0 {
		return
	}
	now := make(map[string]*config.Device, len(list))
	for i := range list {
		now[list[i].Name] = &list[i]
	}
	for _, name := range changes.Changed {
		c := service.Change{Device: name}
		if old, ok := r.gateway.Configuration(name); ok {
			c.Options = old.Changes(now[name])
		}
		d.Changed = append(d.Changed, c)
	}
}

// diff returns what a reload would change.
func (r *reloader) diff(ctx context.Context) service.Difference {
	_, d := r.read(ctx)
	return d
}

// reload makes the log open its file again, and puts in force what has changed: the map first, so that added devices
// begin with the new map. If the gateway does not take the devices, reload puts the former map in force again. Options that
// differ but need a restart are returned.
func (r *reloader) reload(ctx context.Context) service.Difference {
	d := r.replace(ctx)
	outcome := metrics.Reload{Succeeded: r.latest().Succeeded}
	if len(d.Faults) == 0 {
		outcome = metrics.Reload{Successful: true, Succeeded: time.Now()}
	}
	r.outcome.Store(&outcome)
	return d
}

// replace is reload, without the note of how it went.
func (r *reloader) replace(ctx context.Context) service.Difference {
	r.logs.Reopen()
	w, d := r.read(ctx)
	if len(d.Faults) > 0 {
		return d
	}
	if err := r.gateway.Reload(w.codec); err != nil {
		return refused(err)
	}
	if _, err := r.gateway.Apply(ctx, w.devices); err != nil {
		_ = r.gateway.Reload(r.codec) // fails only if the gateway has stopped
		return refused(err)
	}
	r.codec = w.codec
	r.logs.SetLevels(logOptions(&w.config))
	r.inForce.Mapping = w.config.Mapping
	r.inForce.Log.Level, r.inForce.Log.File.Level, r.inForce.Log.Email.Level = w.config.Log.Level, w.config.Log.File.Level, w.config.Log.Email.Level
	r.put(r.codec, r.inForce)
	r.warn(w.warnings)
	return d
}

// refused returns the answer that holds the faults in err, one line each.
func refused(err error) (d service.Difference) {
	for _, line := range faultLines(err) {
		d.Faults = append(d.Faults, options.Redact(line))
	}
	return d
}

// ofMap returns a fault of the map, which stands in a file of its own or in the configuration.
func ofMap(l *config.Loaded, err error) error {
	if file := l.Config.Mapping.File; file != "" {
		return fmt.Errorf("%s: %w", file, err)
	}
	return l.Fault("mapping.root", err)
}

// reloaded are the options, apart from the devices, that a reload puts in force.
var reloaded = []string{"mapping.file", "mapping.root", "mapping.topics", "log.level", "log.file.level", "log.email.level"}

// waiting returns the options that differ from those in force but need a restart.
func (r *reloader) waiting(l *config.Loaded, err error) (names []string) {
	if err != nil {
		return nil
	}
	for _, key := range r.started.Changes(&l.Config) {
		if !slices.Contains(reloaded, key) {
			names = append(names, l.Name(key))
		}
	}
	return names
}
