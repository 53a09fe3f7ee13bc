package actors

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What the spool could not do is said as it is: nothing is refused for that.
func TestUnspooledLines(t *testing.T) {
	full := &os.PathError{Op: "write", Path: "/spool/1.spool", Err: syscall.ENOSPC}
	for _, tt := range []struct {
		name string
		m    messages.Unspooled
		want string
	}{
		{"full disk", messages.Unspooled{Count: 1, Err: full},
			`level=WARN msg="not on disk, goes on without the spool" who=spool err="write /spool/1.spool: no space left on device"`},
		{"release on a full disk", messages.Unspooled{Count: 1, Releases: true, Err: full},
			`level=WARN msg="not marked on disk as done, comes again after a crash" who=spool err="write /spool/1.spool: no space left on device"`},
		{"gone", messages.Unspooled{Count: 1, Err: fmt.Errorf("%w: do this", spool.ErrGone)},
			`level=ERROR msg="not on disk, goes on without the spool" who=spool err="spool is gone: do this"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			o := &Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Throttle: time.Second}
			newSupervisorLog(o, address{}).unspooled(tt.m)
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, tt.want) || strings.Contains(got, "refused") {
				t.Errorf("said\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// A device whose equipment is gone fails while it runs, and then each time that it is opened: one line, as long as the error is the same.
func TestFailureKinds(t *testing.T) {
	gone, refused := &os.PathError{Op: "open", Path: "/dev/ttyUSB0", Err: syscall.ENODEV}, errors.New("connection refused")
	for _, row := range []struct {
		a, b *reason
		one  bool
	}{
		{&reason{doing: messages.Running, err: gone}, &reason{doing: messages.Opening, err: gone}, true},
		{&reason{doing: messages.Handling, action: "ON", err: gone}, &reason{doing: messages.Handling, action: "OFF", err: gone}, true},
		{&reason{doing: messages.Running, err: gone}, &reason{doing: messages.Opening, err: refused}, false},
	} {
		if one := failureKind("meter", row.a) == failureKind("meter", row.b); one != row.one {
			t.Errorf("%v and %v are one kind: %v, want %v", row.a, row.b, one, row.one)
		}
	}
}
