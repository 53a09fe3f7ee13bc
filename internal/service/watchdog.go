package service

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// feedWatchdog asks the gateway's actors every half of systemd's patience, and feeds the watchdog when they answer.
// Actors that have not answered after another quarter are asked again at once, while the last quarter still allows an
// answer in time. By then the log says why systemd is about to kill the gateway.
func (s *Service) feedWatchdog(ctx context.Context) {
	interval, patience := s.watchdog/2, s.watchdog/4
	silent := false
	for next := interval; wait(ctx, next); {
		asked := time.Now()
		err := s.ask(ctx, patience)
		switch {
		case err == nil:
			s.notify(daemon.SdNotifyWatchdog)
			if silent {
				s.options.Log.Info("gateway answers again, the watchdog is fed")
			}
			silent, next = false, interval
		case ctx.Err() != nil:
			return
		default:
			if !silent {
				s.options.Log.Error("gateway does not answer, the watchdog is not fed", "watchdog", s.watchdog, "err", err)
			}
			silent, next = true, patience-time.Since(asked)
		}
	}
}
