package rest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestDue(t *testing.T) {
	for name, of := range map[string]struct {
		begin            func() *Rest
		passes           bool
		sleeps, sleepFor time.Duration
	}{
		"begin":                   {Begin, true, sleepAfter, sleepFor},
		"begin without a turn":    {unpassed, false, unpassedWork, unpassedRest},
		"aside, nobody waits for": {Aside, false, asideWork, asideRest},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := of.begin()
			defer r.End()
			took := func() time.Duration {
				began := time.Now()
				r.Due()
				return time.Since(began)
			}
			if took() != 0 || r.turn != nil {
				t.Errorf("%s: work that has just begun rests", name)
			}
			time.Sleep(2 * passAfter) // in place of work
			if took(); (r.turn != nil) != of.passes {
				t.Errorf("%s: passes: %t, want %t", name, r.turn != nil, of.passes)
			}
			time.Sleep(of.sleeps)
			if took() != of.sleepFor {
				t.Errorf("%s: work does not sleep when it is due", name)
			}
			if took() != 0 {
				t.Errorf("%s: work sleeps twice", name)
			}
		})
	}
}

func unpassed() *Rest {
	r := Begin()
	r.onlySleep()
	return r
}
