package actors_test

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/logbook"
)

// Each of the gateway's own actors, and each device, can say more than the others while the gateway runs.
func TestLoggers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := new(logbook.Book)
		b := start(t, lamps("a", "b"), func(o *actors.Options) { o.Log = slog.New(book.Gate(slog.LevelInfo, book.Sink)) })
		known := b.gateway.Loggers()
		if got := fmt.Sprint(known.Parts, known.Devices(), known.Exists("a"), known.Exists("mapper")); got != "[supervisor connection mapper devices] [a b] true false" {
			t.Errorf("the loggers are %s", got)
		}
		for _, row := range []struct {
			actor string
			says  []string // at debug, among others
		}{
			{"supervisor", []string{"subscribed"}},
			{"connection", []string{"message in", "message out", "link connecting"}},
			{"mapper", []string{"message refused", "message finds no device"}},
			{"devices", nil}, // what the parent says is a warning
			{"a", []string{"message refused"}},
		} {
			began := time.Now()
			book.SetActors(map[string]slog.Level{row.actor: slog.LevelDebug})
			b.arrive("home////a/me/C", "ON")
			b.arrive("home////nobody/me/C", "ON")
			b.arrive("home/x////me/C", "{")
			b.arrive("home////a/me/C", "REFUSE")
			b.broker.session().lose(io.EOF)
			time.Sleep(time.Minute)
			book.SetActors(nil)
			b.arrive("home////a/me/C", "ON") // nobody says anything of it
			var said []string
			for _, l := range book.Last(1000) {
				whose := func(a logbook.Attr) bool {
					return a.Value == row.actor && (a.Key == "actor" || a.Key == "device" || a.Key == "who")
				}
				if l.Level == slog.LevelDebug && !l.At.Before(began) {
					said = append(said, l.Text)
					if !slices.ContainsFunc(l.Attrs, whose) {
						t.Errorf("%s at debug has %s %v said", row.actor, l.Text, l.Attrs)
					}
				}
			}
			for _, want := range row.says {
				if !slices.Contains(said, want) {
					t.Errorf("%s at debug says %q, want %q among it", row.actor, said, want)
				}
			}
		}
		b.end()
	})
}
