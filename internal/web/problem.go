package web

import (
	"encoding/json"
	"net/http"
)

// Problem is the body of an answer that refuses something: application/problem+json (RFC 9457).
type Problem struct {
	Title  string `json:"title"` // the words of the status
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"` // why, and what would have been right
	Faults any    `json:"faults,omitempty"` // of a configuration

	Response string `json:"response,omitempty"` // of a device that has refused
}

// Refuse answers with a problem.
func Refuse(w http.ResponseWriter, status int, why string) {
	RefuseWith(w, Problem{Status: status, Detail: why})
}

// RefuseWith answers with a problem whose title follows from its status.
func RefuseWith(w http.ResponseWriter, p Problem) {
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // an error means that the client has gone
}
