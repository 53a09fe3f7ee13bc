package mailbox

import (
	"errors"
	"strings"
	"testing"
)

// Messages are bounded in number and in bytes. A single message always finds room, and a message that leaves makes
// room.
func TestBound(t *testing.T) {
	full := errors.New("full")
	text := func(n int) string { return strings.Repeat("x", n) }
	type step struct {
		leaves  bool
		message any
		want    error
	}
	for _, row := range []struct {
		name  string
		bound Bound[string]
		steps []step
	}{
		{"in number", Bound[string]{Most: 2}, []step{
			{message: "a"}, {message: text(1000)}, {message: "c", want: full}, {leaves: true, message: "a"}, {message: "c"},
		}},
		{"in bytes", Bound[string]{Most: 9, MostBytes: 10}, []step{
			{message: text(6)}, {message: text(4)}, {message: "c", want: full}, {leaves: true, message: text(4)}, {message: "c"},
		}},
		{"one larger than all the room", Bound[string]{Most: 9, MostBytes: 10}, []step{
			{message: text(50)}, {message: "b", want: full}, {leaves: true, message: text(50)}, {message: "b"},
		}},
		{"other types", Bound[string]{Most: 1}, []step{
			{message: "a"}, {message: 1}, {message: nil}, {leaves: true, message: 1}, {message: "b", want: full},
		}},
		{"bounded elsewhere in number", Bound[string]{Most: 1, MostBytes: 10, Free: func(s string) bool { return s[0] == 'x' }}, []step{
			{message: text(1)}, {message: text(1)}, {message: "a"}, {message: "b", want: full}, {message: text(9), want: full},
			{leaves: true, message: text(1)}, {message: "b", want: full}, {leaves: true, message: "a"}, {message: "b"},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.bound.Full, row.bound.Size = full, func(s string) int { return len(s) }
			for i, s := range row.steps {
				if s.leaves {
					row.bound.Leave(s.message)
				} else if err := row.bound.Enter(s.message); !errors.Is(err, s.want) {
					t.Errorf("step %d, %.10v: %v, want %v", i+1, s.message, err, s.want)
				}
			}
		})
	}
}
