// Package liveness judges whether a broker is still there, and whether it answers what it was sent.
//
//	the session ──► Clock: when the broker was heard, and we were        ──┐
//	            ──► Unanswered: the packets of ours without an answer    ──┴► Judge.Look ──► Verdict: ping, end, look again
//
// Nothing here has a goroutine, a timer or a lock: the session looks when the last Verdict says, and does what it says.
package liveness
