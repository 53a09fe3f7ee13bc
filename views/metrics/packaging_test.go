package metrics_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"go.yaml.in/yaml/v3"

	"github.com/mqttgateway/mqttgateway/actors"
)

// dashboard is what the test reads of packaging/grafana.json.
type dashboard struct {
	UID    string
	Panels []struct {
		ID          int
		Type, Title string
		GridPos     struct{ X, Y, W, H int }
		Targets     []struct{ Expr string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

// alerts is what the test reads of packaging/alerts.yaml.
type alerts struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For string
			Labels           map[string]string
			Annotations      map[string]string
		}
	}
}

// The dashboard and the alert rules ask for metrics and labels that there are.
func TestPackaging(t *testing.T) {
	var expressions []string
	b, err := os.ReadFile("../../packaging/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard
	if err := json.Unmarshal(b, &board); err != nil || board.UID == "" {
		t.Fatalf("dashboard %q: %v", board.UID, err)
	}
	used := make(map[[2]int]string) // places of the grid
	ids := make(map[int]bool)
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q: want a number and a title of its own", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := used[at]; other != "" || at[0] >= 24 {
					t.Fatalf("panel %q covers %q, or is beyond the grid", p.Title, other)
				}
				used[at] = p.Title
			}
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		expressions = append(expressions, v.Definition)
	}

	if b, err = os.ReadFile("../../packaging/alerts.yaml"); err != nil {
		t.Fatal(err)
	}
	var rules alerts
	decoder := yaml.NewDecoder(strings.NewReader(string(b)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&rules); err != nil {
		t.Fatal(err)
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" || r.Expr == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
				t.Errorf("alert %q is not whole", r.Alert)
			}
			expressions = append(expressions, r.Expr)
		}
	}

	synctest.Test(t, func(t *testing.T) {
		p := start(t, []string{"heat meter", "plug plug"}, func(o *actors.Options) { o.Spool.Dir = t.TempDir() })
		synctest.Wait()
		known := make(map[string][]string) // names with their labels
		for name := range p.scrape() {
			name, labels, _ := strings.Cut(name, "{")
			for _, found := range labelName.FindAllStringSubmatch(labels, -1) {
				if !slices.Contains(known[name], found[1]) {
					known[name] = append(known[name], found[1])
				}
			}
			known[name] = append(known[name], "job", "instance")
		}
		asked := 0
		for _, e := range expressions {
			for _, found := range metricName.FindAllStringSubmatch(e, -1) {
				asked++
				labels, ok := known[found[1]]
				if !ok {
					t.Errorf("%s: there is no mqttgateway_%s", e, found[1])
				}
				for _, label := range labelName.FindAllStringSubmatch(found[2], -1) {
					if !slices.Contains(labels, label[1]) {
						t.Errorf("%s: mqttgateway_%s has no label %s", e, found[1], label[1])
					}
				}
			}
		}
		if asked < 40 {
			t.Errorf("only %d metrics are asked for: has the test read all?", asked)
		}
	})
}

var (
	metricName = regexp.MustCompile(`mqttgateway_([a-z][a-z0-9_]*)(?:\{([^}]*)\})?`)
	labelName  = regexp.MustCompile(`(?:^|,\s*)([a-z]+)=`)
)
