package service

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// attendTo carries out a request of a client of the health socket.
func (s *Service) attendTo(ctx context.Context, a asked) {
	switch a.request {
	case Reload:
		a.answer <- s.reload(ctx)
	case Diff:
		a.answer <- s.options.Diff(ctx)
	}
}

// reload makes the gateway read its configuration again. The log and the client that asked learn that a configuration
// was refused; systemd does not: sd_notify has no word for a refused reload, and the gateway is as ready as before.
func (s *Service) reload(ctx context.Context) Difference {
	// RELOADING and its time go in one datagram: systemd compares the time with the time of its own SIGHUP.
	s.notify(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	defer s.notify(daemon.SdNotifyReady)

	begun := time.Now()
	d := s.options.Reload(ctx)
	if ctx.Err() != nil { // the gateway stops: nothing was refused
		return d
	}
	for _, fault := range d.Faults {
		s.options.Log.Error("configuration refused, what was in force stays", "err", fault)
	}
	if len(d.Faults) == 0 {
		s.options.Log.LogAttrs(ctx, slog.LevelInfo, "configuration read again", d.attrs(time.Since(begun))...)
	}
	return d
}

// maxNamed is how many of the added, of the removed and of the changed devices the log names at most.
const maxNamed = 20

// attrs returns the attributes of a reload's log line: everything that differs, and no attribute for what does not.
func (d Difference) attrs(took time.Duration) (attrs []slog.Attr) {
	names := func(key string, list []string) {
		if len(list) == 0 {
			return
		}
		named := list
		if len(list) > maxNamed {
			named = slices.Concat(list[:maxNamed], []string{"…"})
		}
		attrs = append(attrs, slog.Int(key, len(list)), slog.Any(key+"_devices", named))
	}
	list := func(key string, list []string) {
		if len(list) > 0 {
			attrs = append(attrs, slog.Any(key, list))
		}
	}
	names("added", d.Added)
	names("removed", d.Removed)
	changed := make([]string, len(d.Changed))
	for i, c := range d.Changed {
		changed[i] = c.Device
	}
	names("changed", changed)
	list("map", d.Map)
	list("options", d.Options)
	list("restart_needed_for", d.Restart)
	return append(attrs, slog.Duration("took", took.Round(time.Millisecond)))
}
