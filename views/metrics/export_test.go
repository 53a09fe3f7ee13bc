package metrics

import "net/http"

// SetMostAdded changes how many devices of a hub have metrics of their own.
func SetMostAdded(h http.Handler, n int) { h.(*handler).mostAdded = n }
