package heap

import (
	"fmt"
	"testing"
)

func TestPercent(t *testing.T) {
	for _, row := range []struct {
		live uint64 // MB
		want int
	}{{0, 400}, {1, 400}, {4, 400}, {8, 200}, {16, 100}, {32, 50}, {64, 25}, {200, 25}, {4000, 25}} {
		t.Run(fmt.Sprint(row.live), func(t *testing.T) {
			if got := percent(row.live << 20); got != row.want {
				t.Errorf("%d MB live: %d percent, want %d", row.live, got, row.want)
			}
		})
	}
}

func TestFloor(t *testing.T) {
	for name, row := range map[string]struct {
		was, live, mapped uint64 // MB
		exceeded          bool
		is                uint64
	}{
		"small":                   {0, 3, 8, false, 0},
		"small, after a burst":    {8, 3, 40, true, 8},
		"large, after the start":  {0, 160, 500, true, 0},
		"large, as it was left":   {180, 160, 180, false, 180},
		"large, with its garbage": {180, 160, 215, false, 180},
		"large, grown":            {180, 160, 225, true, 180},
		"given back by others":    {180, 160, 150, false, 150},
	} {
		t.Run(name, func(t *testing.T) {
			f := floor{row.was << 20}
			if got := f.exceeded(usage{live: row.live << 20, mapped: row.mapped << 20}); got != row.exceeded || f.mapped != row.is<<20 {
				t.Errorf("exceeded %v, floor at %d MB; want %v, %d", got, f.mapped>>20, row.exceeded, row.is)
			}
		})
	}
}
