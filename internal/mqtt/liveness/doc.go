// Package liveness judges whether a broker is still there, and whether it answers what it was sent.
//
//	the session ──► Clock: when the broker was heard, and we were        ──┐
//	            ──► Unanswered: the packets of ours without an answer    ──┴► Judge.Look ──► Verdict: ping, end, look again
//
// The package has no goroutine, timer or lock: the session calls Look at the time that the latest Verdict gives, and
// does what the new one says.
package liveness
