package actors

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Each row has what happens to devices, an event a second, and what the log says of lines at info and above: a! is a failure of a for the line x,
// a? one of another kind for it, a- one of its own, a/ one while it is closed, a+ that it is online, and a0 that it is removed.
func TestLinesInTheLog(t *testing.T) {
	for _, row := range []struct{ events, want string }{
		{"a! b! c! a! b!", "down"},
		{"a! b! a+ b+", "down up"},
		{"a! b! a+ b+ b! b+", "down up"}, // broken again so soon: that is counted
		{"a! b? a+ b+", "down up"},       // broken when it is read, it can't be opened for another reason: one outage
		{"a! a- a+", "down up"},          // nobody is down for the line when a has a reason of its own
		{"a! a- a- a+ b- b+ a- a+ b- b+ a- a+ b- b+ a- a+ b- b+ a- a+ a! a+", "down up down up"},
		{"a! b! a- b+ a+", "down up"},
		{"a! a/ a+", "down up"},
		{"a! b! a0 b+", "down up"},
		{"a! b! a0 b0 a! a+", "down down up"},
		{"a- a+ b- b0", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			l := newSupervisorLog(&Options{Throttle: 10 * time.Second}, slog.New(slog.NewTextHandler(&log, nil)), address{})
			l.sumsAt = func(time.Duration) *time.Timer { return time.NewTimer(time.Hour) }
			for event := range strings.FieldsSeq(row.events) {
				time.Sleep(time.Second)
				name := event[:1]
				fail := func(doing messages.Doing, err error) {
					l.failure(messages.Failure{Who: name, What: doing, Err: &reason{doing: doing, err: err}}, 1, time.Second)
				}
				switch event[1] {
				case '!':
					fail(messages.Running, fmt.Errorf("poll: %w", &line.Error{Line: "x", Err: errors.New("no such port")}))
				case '?':
					fail(messages.Opening, &line.Error{Line: "x", Err: errors.New("permission denied")})
				case '-':
					fail(messages.Running, errors.New("no answer"))
				case '/':
					fail(messages.Closing, errors.New("still busy"))
				case '+':
					l.deviceOnline(supervision.Change{Before: supervision.Entry{Name: name, State: messages.Offline}, Now: supervision.Entry{Name: name, State: messages.Online}}, 3)
				case '0':
					l.forget(name)
				}
			}
			l.lastSums()
			said := []string{}
			for _, m := range regexp.MustCompile(`msg="line (down|up)[^"]*" line=x`).FindAllStringSubmatch(log.String(), -1) {
				said = append(said, m[1])
			}
			if !slices.Equal(said, strings.Fields(row.want)) {
				t.Errorf("%s: the log says %q, want %s\n%s", row.events, said, row.want, log.String())
			}
		})
	}
}
