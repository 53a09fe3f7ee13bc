package api

import "testing"

// Devices are found among the samples of the look before, in order, whichever have gone or come since.
func TestSamples(t *testing.T) {
	s := samples{list: []sample{{device: "a", total: 1}, {device: "b", total: 2}, {device: "c", total: 3}, {device: "d", total: 4}}}
	for _, row := range []struct {
		device string
		total  uint64 // 0: none
	}{{"a", 1}, {"c", 3}, {"e", 0}, {"f", 0}} {
		got := s.next(row.device)
		if (got == nil) != (row.total == 0) || got != nil && got.total != row.total {
			t.Errorf("%s: %+v, want %d", row.device, got, row.total)
		}
	}
	if s := (samples{}); s.next("a") != nil {
		t.Error("the first look finds something in the one before")
	}
}
