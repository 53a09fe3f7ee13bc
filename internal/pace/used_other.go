//go:build !unix

package pace

import "time"

const readable = false

func used() (cpu time.Duration, preempted uint64) { return 0, 0 }

func rouse() {}
