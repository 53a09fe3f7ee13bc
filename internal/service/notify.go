package service

import (
	"log/slog"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notify tells systemd some assignments, such as "READY=1", that belong together.
type notify func(assignments ...string)

// systemd returns a notify for the process that NOTIFY_SOCKET names; without one it does nothing. It may be called by
// several goroutines. A failure is told once: it either goes on for ever, or systemd will say what it missed.
func systemd(log *slog.Logger) notify {
	var once sync.Once
	return func(assignments ...string) {
		_, err := daemon.SdNotify(false, strings.Join(assignments, "\n"))
		if err != nil {
			once.Do(func() { log.Warn("systemd can't be told of the gateway's state", "err", err) })
		}
	}
}
