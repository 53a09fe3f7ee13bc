package service

import (
	"log/slog"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notify sends systemd one datagram of assignments, such as "READY=1", that belong together.
type notify func(assignments ...string)

const notifySocket = "NOTIFY_SOCKET" // the variable that names systemd's socket

// systemd returns a notify for the socket in NOTIFY_SOCKET; without that variable the notify does nothing. Several
// goroutines may call the notify. Only the first failure is logged: a failure either repeats for ever, or is short and
// systemd itself complains about the missed datagram.
func systemd(log *slog.Logger) notify {
	var once sync.Once
	return func(assignments ...string) {
		_, err := daemon.SdNotify(false, strings.Join(assignments, "\n"))
		if err != nil {
			once.Do(func() { log.Warn("systemd can't be told of the gateway's state", "err", err) })
		}
	}
}
