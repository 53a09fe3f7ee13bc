package api

import (
	"net/http"

	"github.com/mqttgateway/mqttgateway/internal/web"
)

// Session is who asks. What is empty is left out.
type Session struct {
	User     string `json:"user,omitempty"`
	SignOut  bool   `json:"sign_out,omitempty"`  // the browser has signed in by the form at /, and can sign out there
	ReadOnly bool   `json:"read_only,omitempty"` // who asks may change nothing
}

func (a *API) session(w http.ResponseWriter, r *http.Request) {
	v := web.VisitorOf(r)
	answer(w, http.StatusOK, Session{v.Name, v.Session, v.ReadOnly})
}
