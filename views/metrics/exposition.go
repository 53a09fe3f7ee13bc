package metrics

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/mqttgateway/mqttgateway/internal/rest"
)

// formats are those that there are. The first is for whoever asks for none of them.
var formats = []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtOpenMetrics_0_0_1}

// restRows is after how many metrics the exposition looks whether it is time to rest.
const restRows = 64

// exposition writes families of metrics, one after the other, each metric at once: nothing of them is kept.
type exposition struct {
	to      *bufio.Writer
	foreign expfmt.Encoder // of families that are not the gateway's
	rest    *rest.Rest
	open    bool            // the format is OpenMetrics
	taken   map[string]bool // names of the families so far and of their metrics, without prefix

	head   string // of the present family, until its first metric has been written
	name   string // of the present family's metrics
	rows   int    // metrics so far
	labels []byte // of the present metric
}

func newExposition(w io.Writer, format expfmt.Format) *exposition {
	pause := rest.Begin()
	to := bufio.NewWriterSize(polite{w, pause}, 32<<10)
	return &exposition{
		to: to, rest: pause, foreign: expfmt.NewEncoder(to, format), open: format.FormatType() == expfmt.TypeOpenMetrics, taken: make(map[string]bool),
	}
}

// polite writes to a request, and rests from time to time.
type polite struct {
	to   io.Writer
	rest *rest.Rest
}

func (p polite) Write(b []byte) (int, error) {
	p.rest.Due()
	return p.to.Write(b)
}

// gauges begins a family of gauges. The first metric of a family has its head written.
func (x *exposition) gauges(name, help string) { x.begin("gauge", name, name, help) }

// counters begins a family of counters, whose metrics have _total behind their name.
func (x *exposition) counters(name, help string) { x.begin("counter", name, name+"_total", help) }

func (x *exposition) begin(kind, family, metric, help string) {
	for _, name := range namesOf(kind, family) {
		x.taken[name] = true
	}
	x.name = prefix + metric
	of := x.name
	if x.open {
		of = prefix + family
	}
	x.head = "# HELP " + of + " " + help + "\n# TYPE " + of + " " + kind + "\n"
}

// isFree reports whether a family has no name that another has, or a metric of another.
func (x *exposition) isFree(kind, family string) bool {
	return !slices.ContainsFunc(namesOf(kind, family), func(name string) bool { return x.taken[name] })
}

// namesOf returns the names of a family and of its metrics.
func namesOf(kind, family string) []string {
	switch kind {
	case "counter":
		return []string{family, family + "_total"}
	case "histogram":
		return []string{family, family + "_bucket", family + "_sum", family + "_count"}
	}
	return []string{family}
}

// add writes a metric of the family, with labels as appendLabels wants them.
func (x *exposition) add(value float64, labels ...string) { x.addTo(nil, value, labels...) }

// addTo adds labels to those that are there already.
func (x *exposition) addTo(there []byte, value float64, labels ...string) {
	if len(labels) > 0 {
		x.labels = appendLabels(append(x.labels[:0], there...), labels...)
		there = x.labels
	}
	x.write("", value, there)
}

// write writes a metric of the family. suffix is what stands behind the family's name.
func (x *exposition) write(suffix string, value float64, labels []byte) {
	if x.rows++; x.rows%restRows == 0 {
		x.rest.Due()
	}
	if x.head != "" {
		x.text(x.head)
		x.head = ""
	}
	b := append(append(x.to.AvailableBuffer(), x.name...), suffix...)
	if len(labels) > 0 {
		b = append(append(append(b, '{'), labels...), '}')
	}
	_, _ = x.to.Write(append(appendFloat(append(b, ' '), value), '\n')) // the error comes again when all is flushed
}

func (x *exposition) text(s string) { _, _ = x.to.WriteString(s) }

// appendLabels appends labels, with commas between them. Labels are names, in alphabetical order, each with its value behind it. A label
// without a value is left out.
func appendLabels(b []byte, labels ...string) []byte {
	for i := 0; i < len(labels); i += 2 {
		if labels[i+1] == "" {
			continue
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = append(append(b, labels[i]...), '=', '"')
		b = append(appendEscaped(b, labels[i+1]), '"')
	}
	return b
}

// appendEscaped appends the value of a label. What is no UTF-8 becomes U+FFFD, as both formats want UTF-8.
func appendEscaped(b []byte, value string) []byte {
	if isPlain(value) {
		return append(b, value...)
	}
	value = strings.ToValidUTF8(value, "\uFFFD")
	for i := range len(value) {
		switch c := value[i]; c {
		case '\\', '"':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, c)
		}
	}
	return b
}

// isPlain reports whether a value is the same when it is escaped. It may say false of one that is.
func isPlain(value string) bool {
	for i := range len(value) {
		if c := value[i]; c == '\\' || c == '"' || c == '\n' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendFloat(b []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.AppendInt(b, int64(f), 10)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// bound returns the bound of a bucket as a label has it: in OpenMetrics a number is never whole there.
func (x *exposition) bound(f float64) string {
	b := appendFloat(nil, f)
	if x.open && f == math.Trunc(f) {
		b = append(b, ".0"...)
	}
	return string(b)
}

// encode writes a family that is not the gateway's.
func (x *exposition) encode(f *dto.MetricFamily) error { return x.foreign.Encode(f) }

// close writes what comes last.
func (x *exposition) close() error {
	if err := x.foreign.(expfmt.Closer).Close(); err != nil {
		return err
	}
	return x.to.Flush()
}
