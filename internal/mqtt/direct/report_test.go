package direct

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract"
)

func TestPanicWithinFlush(t *testing.T) {
	e := contract.NewEvents(transport)
	o := e.Options(t)
	o.Published = func(uint64, error) { panic("oh") }
	s, _ := dialSocket(t, o)
	awaitWriter(s)
	s.Publish(1, mqtt.Message{Topic: "a"})
	s.Publish(2, mqtt.Message{Topic: "a"})
	s.Flush()
	var panicked *mqtt.PanicError
	if err := contract.Next(t, e.Lost, "loss"); !errors.As(err, &panicked) || panicked.Value != "oh" {
		t.Errorf("lost by %v", err)
	}
}

// Lost does not wait for a callback that does not return, in a call of Flush, and no callback is called after Lost.
func TestStuckWithinFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := contract.NewEvents(transport)
		o := e.Options(t)
		release, calls := make(chan struct{}), 0
		o.Published = func(uint64, error) {
			calls++
			<-release
		}
		s, p := transport.MustDial(t, o, nil)
		s.Publish(1, mqtt.Message{Topic: "a/+"}) // refused: the outcome is known at once
		s.Publish(2, mqtt.Message{Topic: "a/+"})
		go s.Flush()
		synctest.Wait()
		start := time.Now()
		p.Close()
		if err := <-e.Lost; !errors.Is(err, io.EOF) || time.Since(start) != mqtt.StuckAfter {
			t.Errorf("lost by %v after %s, want io.EOF after %s", err, time.Since(start), mqtt.StuckAfter)
		}
		close(release)
		<-transport.Gone(s)
		if calls != 1 {
			t.Errorf("Published was called %d times, want 1", calls)
		}
	})
}
