package actors

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

func TestTally(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		var told []string
		tally := &tally{who: "lamp", what: "messages", report: func(r messages.Refusals) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprintf("%v %s %s %d %v", time.Since(began), r.Who, r.What, r.Count, r.Err))
		}}
		at := func(when time.Duration, texts ...string) {
			time.Sleep(time.Until(began.Add(when)))
			for _, text := range texts {
				tally.note(errors.New(text))
			}
			synctest.Wait()
		}
		at(0, "first", "second", "third")
		at(500*time.Millisecond, "fourth")
		at(1500*time.Millisecond, "fifth")
		at(10*time.Second, "sixth", "seventh")
		tally.stop()
		tally.stop()
		time.Sleep(time.Minute)
		tally.note(errors.New("eighth")) // whoever stopped it may begin again
		tally.stop()
		want := []string{
			"0s lamp messages 1 first", "1s lamp messages 3 fourth", "2s lamp messages 1 fifth",
			"10s lamp messages 1 sixth", "10s lamp messages 1 seventh", "1m10s lamp messages 1 eighth",
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(told, want) {
			t.Errorf("told %q\nwant %q", told, want)
		}
	})
}
