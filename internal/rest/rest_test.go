package rest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Begin()
		took := func() time.Duration {
			began := time.Now()
			r.Due()
			return time.Since(began)
		}
		if took() != 0 {
			t.Error("work that has just begun rests")
		}
		time.Sleep(2 * workFor) // in place of work
		if took() != restFor {
			t.Error("work does not rest when it is due")
		}
		if took() != 0 {
			t.Error("work rests twice")
		}
	})
}
