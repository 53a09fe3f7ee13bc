package actors

import "testing"

// However often an actor is asked, one question is on its way to it.
func TestPulse(t *testing.T) {
	var p pulse
	var sent []any
	ask := func() <-chan struct{} { return p.ask(func(q any) { sent = append(sent, q) }) }
	answered := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	first, second := ask(), ask()
	if len(sent) != 1 || answered(first) || answered(second) {
		t.Fatalf("%d questions sent, want one that waits", len(sent))
	}
	p.answer()
	if !answered(first) || !answered(second) {
		t.Error("who asked while the question was on its way has no answer")
	}
	if third := ask(); len(sent) != 2 || answered(third) {
		t.Errorf("%d questions sent, want another after the answer, that waits", len(sent))
	}
}
