// Package backoff decides how long to wait before another attempt. It uses no random numbers and no timers: it returns
// a range, from which the caller draws the wait.
package backoff
