package service

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Options are what Start needs. Every field must be set that does not say what happens if it isn't.
type Options struct {
	// Alive asks the gateway's actors through their mailboxes. Alive returns nil when all actors have answered, or an
	// error that names those that have not. Alive returns soon after ctx is done. Several goroutines call Alive, also
	// before the gateway runs.
	Alive func(ctx context.Context) error

	// State returns the gateway's present state without waiting. Several goroutines call State.
	State func() State

	// Watch calls changed after each change of the state, until ctx is done. What changes while changed has not
	// returned is one change.
	Watch func(ctx context.Context, changed func())

	// Reload reads the configuration again and puts in force what has changed; if there is a fault, Reload changes
	// nothing. Diff only tells what Reload would do. One goroutine calls both, and only after Alive has returned nil
	// for the first time.
	Reload, Diff func(ctx context.Context) Difference

	Requests *Requests // of the health socket and of others; the service carries them out

	Socket  string       // path of the health socket; "": no health socket
	Handler http.Handler // answers clients of the health socket that speak HTTP; nil: nobody does
	Log     *slog.Logger
}

// Service runs the gateway's side of systemd's protocol, of SIGHUP and of the health socket. Start makes a Service.
type Service struct {
	options  Options
	notify   notify
	watched  bool          // systemd wants to hear of the status
	watchdog time.Duration // systemd restarts a gateway that is silent for so long; 0: systemd has no watchdog
	hangups  chan os.Signal
	health   *socket       // nil: none
	web      *handed       // nil: nobody speaks HTTP
	waiting  chan struct{} // has a token for each client of the health socket whose request waits

	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

// Start listens on the health socket and from now on takes SIGHUP as the signal to reload; a goroutine then waits until
// the gateway answers. When ctx is done, the service tells systemd that the gateway is stopping. The caller must call
// Close.
func Start(ctx context.Context, o Options) (*Service, error) {
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return nil, fmt.Errorf("systemd's watchdog: %w", err)
	}
	s := &Service{
		options: o, notify: systemd(o.Log), watched: os.Getenv(notifySocket) != "", watchdog: watchdog,
		hangups: make(chan os.Signal, 1), waiting: make(chan struct{}, maxWaiting),
	}
	if o.Socket != "" {
		if s.health, err = listen(o.Socket); err != nil {
			return nil, fmt.Errorf("health.socket: %w", err)
		}
	}
	signal.Notify(s.hangups, syscall.SIGHUP)
	ctx, s.cancel = context.WithCancel(ctx)
	if s.health != nil && o.Handler != nil {
		s.web = newHanded()
		s.tasks.Go(func() { s.web.serve(ctx, o.Handler, o.Log) })
	}
	if s.health != nil {
		s.tasks.Go(func() { s.answerAll(ctx, s.health) })
	}
	s.tasks.Go(func() { s.attend(ctx) })
	return s, nil
}

// Close ends everything that Start began, and waits for the end. Until Close returns, SIGHUP does not end the program.
func (s *Service) Close() {
	s.cancel()
	s.tasks.Wait()
	signal.Stop(s.hangups)
}

const (
	startRetry  = 100 * time.Millisecond // between two questions to a gateway that does not run yet
	statusEvery = 2 * time.Second        // between two changes of the status at least
	statusAgain = time.Minute            // until the status is looked at without a change, which a counter of messages is not
)

// attend follows the gateway from its start to its stop: attend tells systemd each change of the status, and carries
// out reloads and requests, one at a time.
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
	changes := make(chan struct{})
	if s.watched {
		s.tasks.Go(func() { s.watch(ctx, changes) })
	}
	again := time.NewTimer(untilAgain(said))
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.hangups:
			s.reload(ctx)
		case a := <-s.options.Requests.waiting:
			s.attendTo(ctx, a)
		case <-changes:
		case <-again.C:
		}
		if now := s.options.State(); now != said {
			s.notify("STATUS=" + now.String())
			said = now
		}
		again.Reset(untilAgain(said))
	}
}

// watch sends each change of the state to changes, but not more than one in statusEvery.
func (s *Service) watch(ctx context.Context, changes chan<- struct{}) {
	s.options.Watch(ctx, func() {
		select {
		case changes <- struct{}{}:
			wait(ctx, statusEvery)
		case <-ctx.Done():
		}
	})
}

// untilAgain returns when the status is to be looked at although no change was told: soon if the status that was said last
// tells of a time, which grows.
func untilAgain(said State) time.Duration {
	if said.UnansweredSeconds > 0 {
		return statusEvery
	}
	return statusAgain
}

// ask asks the gateway's actors whether they are alive, and waits for the answer for at most patience.
func (s *Service) ask(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.options.Alive(ctx)
}

// wait waits for d. It returns false if ctx is done by then.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}
