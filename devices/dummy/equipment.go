package dummy

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"
)

// plugIn connects to a lamp that this goroutine's program plays. Somebody uses its switch now and then, if there is an interval.
func plugIn(interval time.Duration) net.Conn {
	here, there := net.Pipe()
	go play(there, interval)
	return here
}

// play plays the lamp until whoever is connected hangs up.
func play(conn net.Conn, interval time.Duration) {
	defer conn.Close()
	told := make(chan string)
	go func() { // ends with the connection
		defer close(told)
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			told <- lines.Text()
		}
	}()
	var somebody <-chan time.Time
	if interval > 0 {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		somebody = ticker.C
	}
	on := false
	fmt.Fprintln(conn, "on", on)
	fmt.Fprintln(conn, "level", 100)
	for {
		select {
		case line, more := <-told:
			if !more {
				return
			}
			if state, is := strings.CutPrefix(line, "on "); is {
				on = state == "true"
			}
			fmt.Fprintln(conn, line)
		case <-somebody:
			on = !on
			fmt.Fprintln(conn, "on", on)
		}
	}
}
