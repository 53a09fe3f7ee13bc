package metrics

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/mqttgateway/mqttgateway/actors"
)

// Options are what New needs.
type Options struct {
	Gateway *actors.Gateway
	Version string        // of the program
	Reload  func() Reload // how the latest reload went
	Log     *slog.Logger

	mostAdded int // 0: mostAdded
}

// Reload is how the latest reload of the configuration went. The reading at the start counts as one.
type Reload struct {
	Successful bool
	Succeeded  time.Time // when a configuration was last put in force
}

// New returns a handler that shows all metrics. The handler costs nothing before the first request.
func New(o Options) http.Handler {
	if o.mostAdded == 0 {
		o.mostAdded = mostAdded
	}
	return &handler{Options: o, process: sync.OnceValue(newProcess), pictures: sync.Pool{New: newPicture}, turns: make(chan struct{}, atOnce)}
}

// newProcess returns what tells of the process and of Go's runtime.
func newProcess() prometheus.Gatherer {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// handler shows the metrics.
type handler struct {
	Options
	process  func() prometheus.Gatherer
	pictures sync.Pool     // of the request before, until the collector takes it
	turns    chan struct{} // has a token for each request that is being answered
}

// atOnce is how many requests are answered at a time: many readers cost no more than three, and one that reads slowly does not hold up
// the others.
const atOnce = 3

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-r.Context().Done():
		return
	}
	format := expfmt.NegotiateAccept(r.Header, formats...)
	w.Header().Set("Content-Type", string(format))
	x := newExposition(w, format)
	defer x.rest.End()
	if err := h.write(x); err != nil {
		h.Log.Debug("metrics not read to their end", "err", err)
	}
}

// write writes all metrics.
func (h *handler) write(x *exposition) error {
	x.gateway(h.Gateway, h.Version)
	x.reload(h.Reload())
	p := h.pictures.Get().(*picture)
	p.take(h.Gateway, h.mostAdded, x.rest)
	x.devices(p)
	p.empty()
	h.pictures.Put(p)
	families, err := h.process().Gather()
	if err != nil {
		h.Log.Debug("metrics of the process are not whole", "err", err)
	}
	for _, f := range families {
		if err := x.encode(f); err != nil {
			return err
		}
	}
	return x.close()
}
