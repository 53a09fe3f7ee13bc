package pace

import (
	"testing"
	"time"
)

func TestRule(t *testing.T) {
	second := func(messages uint64, cpu time.Duration, waits uint64) sample {
		return sample{took: time.Second, messages: messages, cpu: cpu, waits: waits}
	}
	flow := second(1000, 100*time.Millisecond, 0)
	brief := sample{took: 100 * time.Millisecond, messages: 100, cpu: 10 * time.Millisecond}
	for name, row := range map[string]struct {
		before []sample
		then   sample
		one    bool
	}{
		"a small load":                   {nil, flow, true},
		"a large one":                    {nil, second(50_000, 950*time.Millisecond, 0), false},
		"one that has grown":             {[]sample{flow}, second(50_000, 850*time.Millisecond, 0), true},
		"one that has grown more":        {[]sample{flow}, second(50_000, 950*time.Millisecond, 0), false},
		"soon after it was too much":     {[]sample{flow, second(50_000, time.Second, 0)}, brief, false},
		"some time after it was":         {[]sample{flow, second(50_000, time.Second, 0), brief, brief}, brief, true},
		"hardly any":                     {[]sample{flow}, second(worthwhile-1, 0, 0), false},
		"nothing":                        {[]sample{flow}, second(0, 0, 0), false},
		"a device computes":              {[]sample{flow}, second(1000, time.Second, 100), false},
		"a device computes now and then": {[]sample{flow}, second(1000, 100*time.Millisecond, tolerable+1), false},
		"a wait or two":                  {[]sample{flow}, second(1000, 100*time.Millisecond, tolerable), true},
		"waits on a busy machine":        {[]sample{flow}, sample{took: time.Second, messages: 1000, waits: 100, preempted: 100}, true},
		"waits with all processors":      {nil, second(1000, 100*time.Millisecond, 100), true},
		"soon after waits":               {[]sample{flow, second(1000, 0, 100), flow, flow, flow}, flow, false},
		"some time after waits":          {[]sample{flow, second(1000, 0, 100), flow, flow, flow, flow}, flow, true},
		"a second time after more waits": {
			[]sample{flow, second(1000, 0, 100), flow, flow, flow, flow, flow, second(1000, 0, 100), flow, flow, flow, flow}, flow, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r rule
			for _, s := range row.before {
				r.step(s)
			}
			if got := r.step(row.then); got != row.one {
				t.Errorf("one processor: %v, want %v", got, row.one)
			}
		})
	}
}

// However often goroutines have to wait, one processor is tried again; and after a long good time the past is forgotten.
func TestRuleForgives(t *testing.T) {
	var r rule
	bad := sample{took: time.Second, messages: 1000, waits: 100}
	good := sample{took: time.Second, messages: 1000}
	longest := 0
	for range 20 {
		n := 0
		for ; !r.step(good); n++ {
		}
		longest = max(longest, n)
		r.step(bad)
	}
	if want := int(longHold / time.Second); longest < want/2 || longest > want {
		t.Errorf("kept all processors for %d s, want up to %d", longest, want)
	}
	for range 3600 {
		r.step(good)
	}
	r.step(bad)
	if r.hold != shortHold {
		t.Errorf("after a good hour they are kept for %v, want %v", r.hold, shortHold)
	}
}

func TestRuleResumes(t *testing.T) {
	small, few := sample{took: time.Second, messages: 1000}, sample{took: time.Second, messages: 1}
	large := sample{took: time.Second, messages: 1000, cpu: time.Second}
	for name, row := range map[string]struct {
		flows [][]sample // with silence in between
		one   bool
	}{
		"a small load":                {[][]sample{{small}}, true},
		"a large one":                 {[][]sample{{small, large}}, false},
		"a small one and its last":    {[][]sample{{small, few}}, true},
		"a large one and its last":    {[][]sample{{small, large, few}}, false},
		"one message":                 {[][]sample{{few}}, false},
		"a small load, then one":      {[][]sample{{small, few}, {few}}, false},
		"a small load, then a larger": {[][]sample{{small}, {large}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var r rule
			for _, flow := range row.flows {
				r.resume()
				for _, s := range append(flow, sample{took: time.Second}) {
					r.step(s)
				}
			}
			if got := r.resume(); got != row.one {
				t.Errorf("one processor: %v, want %v", got, row.one)
			}
		})
	}
}
