package mqtt

import (
	"testing"
	"testing/synctest"
	"time"
)

// A broker that only sends must hear of us, too.
func TestWeAreNotSilent(t *testing.T) {
	bubbles(t, func(t *testing.T, over Transport) {
		e := newEvents(over)
		s, p := mustDial(t, e.options(t), nil) // keep-alive 10 s
		<-p.got
		last, longestSilence := time.Now(), time.Duration(0)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for range 600 {
			p.message("a", "", 0, 0)
			<-tick.C
			synctest.Wait()
			for len(p.got) > 0 {
				<-p.got
				longestSilence = max(longestSilence, time.Since(last))
				last = time.Now()
			}
		}
		if silence := max(longestSilence, time.Since(last)); silence > 15*time.Second {
			t.Errorf("we were silent for %s", silence)
		} else if over == Direct && silence > 10*time.Second {
			t.Errorf("we were silent for %s, longer than we said", silence)
		}
		s.Close(t.Context())
	})
}
