package service

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Options are what a service is made of. All of them are wanted but Socket.
type Options struct {
	// Alive asks the gateway's actors through their mailboxes, and returns nil when all of them have answered, or an
	// error that says who has not. It returns soon after ctx is done, and may be called before the gateway runs, and by
	// several goroutines.
	Alive func(ctx context.Context) error

	// State is called by several goroutines, every few seconds. It waits for nobody.
	State func() State

	// Reload reads the configuration again, and puts in force what has changed; with a fault nothing. Diff only tells what
	// Reload would do. Both are called by one goroutine, and only when Alive has been answered.
	Reload, Diff func(ctx context.Context) Difference

	Socket string // path of the health socket; "" is none
	Log    *slog.Logger
}

// Service is a gateway's dealings with what runs it. Start makes it.
type Service struct {
	options  Options
	notify   notify
	watchdog time.Duration // systemd's patience; 0: it doesn't watch
	hangups  chan os.Signal
	requests chan asked // of those who have connected to the health socket
	health   *socket    // nil: none

	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

// Start listens on the health socket and takes SIGHUP for the gateway's from now on; then it waits, in the background,
// for the gateway to answer. When ctx is done it says that the gateway is stopping. Close must be called.
func Start(ctx context.Context, o Options) (*Service, error) {
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return nil, fmt.Errorf("systemd's watchdog: %w", err)
	}
	s := &Service{
		options: o, notify: systemd(o.Log), watchdog: watchdog,
		hangups: make(chan os.Signal, 1), requests: make(chan asked),
	}
	if o.Socket != "" {
		if s.health, err = listen(o.Socket); err != nil {
			return nil, fmt.Errorf("health.socket: %w", err)
		}
	}
	signal.Notify(s.hangups, syscall.SIGHUP)
	ctx, s.cancel = context.WithCancel(ctx)
	if s.health != nil {
		s.tasks.Go(func() { s.answerAll(ctx, s.health) })
	}
	s.tasks.Go(func() { s.attend(ctx) })
	return s, nil
}

// Close ends all that Start began, and waits for it. Until then SIGHUP doesn't end the program, also while it stops.
func (s *Service) Close() {
	s.cancel()
	s.tasks.Wait()
	signal.Stop(s.hangups)
}

const (
	startRetry  = 100 * time.Millisecond // between questions to a gateway that doesn't run yet
	statusEvery = 2 * time.Second
)

// attend goes with the gateway from its start to its stop.
func (s *Service) attend(ctx context.Context) {
	defer s.notify(daemon.SdNotifyStopping, "STATUS=stopping")
	s.notify("STATUS=starting")
	for s.ask(ctx, time.Second) != nil {
		if !wait(ctx, startRetry) {
			return
		}
	}
	said := s.options.State()
	s.notify(daemon.SdNotifyReady, "STATUS="+said.String())
	if s.watchdog > 0 {
		s.tasks.Go(func() { s.feedWatchdog(ctx) })
	}

	look := time.NewTicker(statusEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.hangups:
			s.reload(ctx)
		case a := <-s.requests:
			s.attendTo(ctx, a)
		case <-look.C:
		}
		if now := s.options.State(); now != said {
			s.notify("STATUS=" + now.String())
			said = now
		}
	}
}

// ask asks whether the gateway is alive, and waits for the answer for so long.
func (s *Service) ask(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.options.Alive(ctx)
}

// wait returns false if ctx is done before the time is up.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}
