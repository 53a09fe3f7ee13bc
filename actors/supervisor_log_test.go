package actors

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
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
			newSupervisorLog(o, o.Log, address{}).unspooled(tt.m)
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

// An outage is a line when it begins and one when it ends, and the sums tell why it lasts, for the reason is often another one once the device is to
// be opened again. Each event comes a number of seconds after the one before it; "up" is that the device is online again.
func TestOutagesInTheLog(t *testing.T) {
	type event struct {
		after float64
		doing messages.Doing
		err   string
	}
	const gone, missing, denied = "the port is gone", "no such file", "permission denied"
	for _, row := range []struct {
		name   string
		events []event
		want   []string // the log, without the attributes that do not matter
	}{
		{"gone and back", []event{{0, messages.Running, gone}, {1, messages.Opening, missing}, {2, messages.Opening, missing}, {2, "up", ""}},
			[]string{`at=0 msg="device failed" err="running: the port is gone"`, `at=5 msg="device online again"`}},
		{"why it lasts", []event{{0, messages.Running, gone}, {1, messages.Opening, missing}, {2, messages.Opening, denied}, {20, "up", ""}},
			[]string{`at=0 msg="device failed" err="running: the port is gone"`, `at=10 msg="device failed again" more=2 latest="opening: permission denied"`, `at=23 msg="device online again"`}},
		{"a new reason, long after", []event{{0, messages.Running, gone}, {1, messages.Opening, missing}, {30, messages.Opening, denied}},
			[]string{`at=0 msg="device failed" err="running: the port is gone"`, `at=10 msg="device failed again" more=1 latest="opening: no such file"`, `at=31 msg="device failed" err="opening: permission denied"`}},
		{"it has never been open", []event{{0, messages.Opening, missing}, {1, messages.Opening, denied}},
			[]string{`at=0 msg="device failed" err="opening: no such file"`, `at=10 msg="device failed again" more=1 latest="opening: permission denied"`}},
		{"two outages", []event{{0, messages.Running, gone}, {1, messages.Opening, missing}, {1, "up", ""}, {1, messages.Running, "no answer"}, {1, messages.Opening, missing}},
			[]string{`at=0 msg="device failed" err="running: the port is gone"`, `at=2 msg="device online again"`, `at=3 msg="device failed" err="running: no answer"`,
				`at=13 msg="device failed again" more=1 latest="opening: no such file"`}},
		{"a panic", []event{{0, messages.Running, gone}, {1, messages.Opening, "panic: index out of range"}, {1, messages.Opening, missing}, {1, "up", ""}},
			[]string{`at=0 msg="device failed" err="running: the port is gone"`, `at=1 msg="device failed" err="opening: panic: index out of range"`, `at=3 msg="device online again"`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				begin, kept := time.Now(), []string{slog.MessageKey, "more", "latest", "err"}
				l := newSupervisorLog(&Options{Throttle: 10 * time.Second}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{
					ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
						switch {
						case a.Key == slog.TimeKey:
							return slog.String("at", fmt.Sprint(time.Since(begin).Seconds()))
						case !slices.Contains(kept, a.Key):
							return slog.Attr{}
						}
						return a
					},
				})), address{})
				var turn sync.Mutex // of those who run the log, as the supervisor's is
				l.sumsAt = func(after time.Duration) *time.Timer {
					return time.AfterFunc(after, func() {
						turn.Lock()
						defer turn.Unlock()
						l.sums()
					})
				}
				turn.Lock()
				for _, e := range row.events {
					turn.Unlock()
					time.Sleep(time.Duration(e.after * float64(time.Second)))
					synctest.Wait()
					turn.Lock()
					if e.doing == "up" {
						is := func(s messages.State) supervision.Entry { return supervision.Entry{Name: "meter", State: s} }
						l.deviceOnline(supervision.Change{Before: is(messages.Offline), Now: is(messages.Online)}, 1)
						continue
					}
					stack := ""
					if strings.HasPrefix(e.err, "panic") {
						stack = "goroutine 1"
					}
					l.failure(messages.Failure{Who: "meter", What: e.doing, Stack: stack, Err: &reason{doing: e.doing, err: errors.New(e.err)}}, 1, time.Second)
				}
				turn.Unlock()
				time.Sleep(time.Minute)
				synctest.Wait()
				if want := strings.Join(row.want, "\n") + "\n"; log.String() != want {
					t.Errorf("the log says\n%swant\n%s", log.String(), want)
				}
			})
		})
	}
}
