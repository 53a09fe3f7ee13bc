package metrics

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/mqttgateway/mqttgateway/actors"
)

// Options are what New needs.
type Options struct {
	Gateway *actors.Gateway
	Version string // of the program
	Log     *slog.Logger

	mostAdded int // 0: mostAdded
}

// New returns a handler that shows all metrics. It costs nothing before the first request.
func New(o Options) http.Handler {
	if o.mostAdded == 0 {
		o.mostAdded = mostAdded
	}
	return &handler{Options: o, process: sync.OnceValue(newProcess), turn: make(chan struct{}, 1)}
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
	process func() prometheus.Gatherer
	turn    chan struct{} // has a token while a request is answered
}

// ServeHTTP implements http.Handler. One request is answered at a time, so that many readers cost no more than one does.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-r.Context().Done():
		return
	}
	format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
	w.Header().Set("Content-Type", string(format))
	if err := h.write(r.Context(), w, format); err != nil {
		h.Log.Debug("metrics not read to their end", "err", err)
	}
}

// write writes all metrics. After an error of w it writes no more.
func (h *handler) write(ctx context.Context, w io.Writer, format expfmt.Format) error {
	x := &exposition{taken: make(map[string]bool), to: expfmt.NewEncoder(polite{w}, format)}
	x.gateway(h.Gateway, h.Version)
	x.devices(take(ctx, h.Gateway, h.mostAdded))
	families, err := h.process().Gather()
	if err != nil {
		h.Log.Debug("metrics of the process are not whole", "err", err)
	}
	for _, f := range families {
		x.encode(f)
	}
	return x.close()
}

// polite lets other goroutines run after each few kilobytes: on the one processor that the program uses by default, messages would
// otherwise wait for a slice of the scheduler's time, 10 ms.
type polite struct{ io.Writer }

func (p polite) Write(b []byte) (int, error) {
	runtime.Gosched()
	return p.Writer.Write(b)
}

// exposition writes families of metrics, one after the other. The metrics of one family are kept until the family is written.
type exposition struct {
	to  expfmt.Encoder
	err error // the first

	taken   map[string]bool // names of the families so far, without _total
	family  dto.MetricFamily
	samples []*sample // those of the present family are family.Metric; the others are used again
}

// sample is one metric with all that it points to.
type sample struct {
	metric  dto.Metric
	gauge   dto.Gauge
	counter dto.Counter
	value   float64
	labels  [mostLabels]dto.LabelPair
	pairs   [mostLabels]*dto.LabelPair
	values  [mostLabels]string
}

const mostLabels = 4

// label is the name of a label, shared by all metrics that have it.
type label *string

func newLabel(name string) label { return &name }

// The labels that there are.
var (
	labelActor     = newLabel("actor")
	labelDevice    = newLabel("device")
	labelDirection = newLabel("direction")
	labelEntity    = newLabel("entity")
	labelGoVersion = newLabel("goversion")
	labelHub       = newLabel("hub")
	labelLocation  = newLabel("location")
	labelOption    = newLabel("option")
	labelOutcome   = newLabel("outcome")
	labelState     = newLabel("state")
	labelType      = newLabel("type")
	labelVersion   = newLabel("version")
)

// begin begins a family of counters or gauges.
func (x *exposition) begin(kind dto.MetricType, name, help string) {
	x.family.Name, x.family.Help, x.family.Type = &name, &help, &kind
	x.family.Metric = x.family.Metric[:0]
	x.taken[strings.TrimSuffix(name, "_total")] = true
}

func (x *exposition) gauges(name, help string) { x.begin(dto.MetricType_GAUGE, prefix+name, help) }

func (x *exposition) counters(name, help string) {
	x.begin(dto.MetricType_COUNTER, prefix+name+"_total", help)
}

// add adds a metric to the family. Labels are in alphabetical order, each with its value; one without a value is left out.
func (x *exposition) add(value float64, labels ...labelled) {
	n := len(x.family.Metric)
	if n == len(x.samples) {
		x.samples = append(x.samples, new(sample))
	}
	s := x.samples[n]
	s.value = value
	s.metric.Gauge, s.metric.Counter = nil, nil
	if *x.family.Type == dto.MetricType_GAUGE {
		s.gauge.Value, s.metric.Gauge = &s.value, &s.gauge
	} else {
		s.counter.Value, s.metric.Counter = &s.value, &s.counter
	}
	s.metric.Label = s.pairs[:0]
	for _, l := range labels {
		if l.value == "" {
			continue
		}
		i := len(s.metric.Label)
		s.values[i] = l.value
		s.labels[i].Name, s.labels[i].Value = l.label, &s.values[i]
		s.metric.Label = append(s.metric.Label, &s.labels[i])
	}
	x.family.Metric = append(x.family.Metric, &s.metric)
}

// labelled is a label with its value.
type labelled struct {
	label label
	value string
}

// end writes the family, unless there is nothing in it.
func (x *exposition) end() {
	if len(x.family.Metric) > 0 {
		x.encode(&x.family)
	}
}

// one writes a family of one metric without labels.
func (x *exposition) one(value float64) {
	x.add(value)
	x.end()
}

func (x *exposition) encode(f *dto.MetricFamily) {
	if x.err == nil {
		x.err = x.to.Encode(f)
	}
}

// close writes what comes last.
func (x *exposition) close() error {
	if c, ok := x.to.(expfmt.Closer); ok && x.err == nil {
		x.err = c.Close()
	}
	return x.err
}
