package rest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestDue(t *testing.T) {
	for name, of := range map[string]struct {
		begin      func() *Rest
		work, rest time.Duration
	}{"begin": {Begin, workFor, restFor}, "aside": {Aside, asideWork, asideRest}} {
		synctest.Test(t, func(t *testing.T) {
			r := of.begin()
			took := func() time.Duration {
				began := time.Now()
				r.Due()
				return time.Since(began)
			}
			if took() != 0 {
				t.Errorf("%s: work that has just begun rests", name)
			}
			time.Sleep(2 * of.work) // in place of work
			if took() != of.rest {
				t.Errorf("%s: work does not rest when it is due", name)
			}
			if took() != 0 {
				t.Errorf("%s: work rests twice", name)
			}
		})
	}
}
