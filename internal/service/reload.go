package service

import (
	"context"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// reload has the gateway read its configuration again. That it has been refused is for the log: systemd knows no such
// answer, and the gateway is as ready as it was.
func (s *Service) reload(ctx context.Context) {
	// One datagram: systemd compares the time with that of its own SIGHUP.
	s.notify(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	defer s.notify(daemon.SdNotifyReady)

	begun := time.Now()
	err := s.options.Reload(ctx)
	switch {
	case err == nil:
		s.options.Log.Info("configuration read again", "took", time.Since(begun))
		return
	case ctx.Err() != nil: // stopped, not refused
		return
	}
	for _, fault := range options.Each(err) {
		s.options.Log.Error("configuration refused, what was in force stays", "err", fault)
	}
}
