package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// Configuration is what the gateway was told to do, and can be told anew. Any goroutine may call its methods.
type Configuration interface {
	Codec() *mapping.Codec // the map in force
	InForce() string       // YAML, with stars in the place of secrets
	Do(context.Context, service.Request) service.Difference
}

func (a *API) config(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write([]byte(a.Configuration.InForce()))
}

// reloadPatience is longer than a gateway with many devices takes to read its configuration.
const reloadPatience = time.Minute

// carryOut answers with what a request changes, or with all faults of the configuration. A client that hangs up has the service forget the
// request, unless the service has begun with it.
func (a *API) carryOut(what service.Request) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil { // package http hears a client hang up only behind the body of its request
			web.Refuse(w, http.StatusBadRequest, "the body: "+err.Error())
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * reloadPatience))
		ctx, cancel := context.WithTimeout(r.Context(), reloadPatience)
		defer cancel()
		defer context.AfterFunc(a.life, cancel)()
		d := a.Configuration.Do(ctx, what)
		switch {
		case len(d.Faults) == 0:
			answer(w, http.StatusOK, d)
		case r.Context().Err() != nil:
			web.Refuse(w, http.StatusServiceUnavailable, "you hung up before the answer")
		case ctx.Err() != nil: // the gateway is stopping, or busy
			web.Refuse(w, http.StatusServiceUnavailable, strings.Join(d.Faults, "; "))
		default:
			web.RefuseWith(w, web.Problem{Status: http.StatusUnprocessableEntity, Detail: "the configuration has faults, and nothing changes", Faults: faults(d.Faults)})
		}
	}
}
