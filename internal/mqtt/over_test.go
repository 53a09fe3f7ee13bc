package mqtt

import (
	"testing"
	"testing/synctest"
)

// overEach runs a test over each transport.
func overEach(t *testing.T, test func(t *testing.T, over Transport)) {
	for _, over := range []Transport{Direct, Paho} {
		t.Run(string(over), func(t *testing.T) { test(t, over) })
	}
}

// bubbles runs a test over each transport, in synctest's time.
func bubbles(t *testing.T, test func(t *testing.T, over Transport)) {
	overEach(t, func(t *testing.T, over Transport) {
		synctest.Test(t, func(t *testing.T) { test(t, over) })
	})
}

// gone is closed when nothing of the session runs any more.
func gone(s Session) <-chan struct{} {
	if s, ok := s.(*pahoSession); ok {
		return s.gone
	}
	return s.(*directSession).gone
}
