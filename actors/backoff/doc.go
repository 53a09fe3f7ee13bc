// Package backoff says how long to wait before something is tried again. It draws no random numbers and starts no
// timers: it gives the range, and whoever waits draws from it.
package backoff
