package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"go.yaml.in/yaml/v3"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/views/explain"
)

// document is openapi.yaml.
type document map[string]any

func openAPI(t *testing.T) document {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at returns what stands below keys.
func (d document) at(keys ...string) map[string]any {
	var node any = map[string]any(d)
	for _, key := range keys {
		below, _ := node.(map[string]any)
		node = below[key]
	}
	found, _ := node.(map[string]any)
	return found
}

// resolve follows a reference.
func (d document) resolve(node map[string]any) map[string]any {
	if ref, ok := node["$ref"].(string); ok {
		return d.resolve(d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...))
	}
	return node
}

// The description has the paths and methods of the handlers, and no others.
func TestOpenAPIHasTheHandlers(t *testing.T) {
	a, _ := start(t, newGateway())
	d := openAPI(t)
	var described []string
	for path, of := range d.at("paths") {
		for method := range of.(map[string]any) {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+strings.TrimSuffix(Prefix, "/")+path)
			}
		}
	}
	slices.Sort(described)
	if handlers := slices.Sorted(maps.Keys(a.routes())); !slices.Equal(described, handlers) {
		t.Errorf("described\n%q\nhandlers\n%q", described, handlers)
	}
}

// Each schema has the members of its type.
func TestOpenAPIHasTheTypes(t *testing.T) {
	d := openAPI(t)
	for name, of := range map[string]any{
		"Tree": Tree{}, "About": About{}, "Entry": Entry{}, "Link": Link{}, "Change": Change{}, "Counts": Counts{}, "Health": Health{}, "Device": Device{},
		"Description": Description{}, "AnswersTo": AnswersTo{}, "DeviceCounters": DeviceCounters{}, "Value": Value{}, "Recorded": Recorded{},
		"Answer": Answer{}, "Sending": Sending{}, "Message": Message{}, "Removed": removed{}, "Queues": queues{}, "Missed": missedEvents{}, "Session": Session{},
		"Lines": Lines{}, "Line": Line{}, "Levels": logbook.Levels{}, "Problem": web.Problem{}, "Fault": Fault{}, "Difference": service.Difference{},
		"Changed": service.Change{}, "Explanation": explain.Explanation{}, "Target": explain.Target{}, "Step": explain.Step{}, "Finding": explain.Finding{},
	} {
		var members []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
			if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "" {
				members = append(members, key)
			}
		}
		slices.Sort(members)
		if described := slices.Sorted(maps.Keys(d.at("components", "schemas", name, "properties"))); !slices.Equal(described, members) {
			t.Errorf("%s: described %q, the type has %q", name, described, members)
		}
	}
}

// Real answers are as they are described.
func TestOpenAPIHoldsForAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, described())
		d := openAPI(t)
		for _, request := range []string{
			"GET /tree", "GET /health", "GET /session", "GET /devices", "GET /devices/lamp", "GET /devices/nobody",
			`POST /devices/lamp/set {"relay":true}`, `POST /devices/lamp/set {"x":1}`, `POST /devices/nobody/set {"x":1}`, `POST /devices/lamp/set {`,
			"POST /devices/lamp/restart", "POST /devices/lamp/stop", "POST /devices/lamp/start", "POST /devices/nobody/start",
			`POST /messages {"topic":"home/x"}`, `POST /messages {"topic":"home/#"}`, `POST /messages {}{}`, "GET /topics", "GET /explain?topic=home/f//Office//me/C&payload=ON",
			"GET /explain?topic=x", "GET /explain?topic=home/$gateway/gw/lamp/set/relay", "GET /events?kinds=x", "GET /log", "GET /log?lines=0", "GET /log/levels",
			`POST /log/levels {"default":"info"}`, `POST /log/levels {"default":"loud"}`, "GET /diff", "POST /reload {}",
		} {
			method, rest, _ := strings.Cut(request, " ")
			path, body, _ := strings.Cut(rest, " ")
			w := httptest.NewRecorder()
			a.Handler().ServeHTTP(w, httptest.NewRequest(method, strings.TrimSuffix(Prefix, "/")+path, strings.NewReader(body)))
			plain, _, _ := strings.Cut(path, "?")
			for _, name := range []string{"lamp", "nobody"} {
				plain = strings.Replace(plain, "/devices/"+name, "/devices/{name}", 1)
			}
			response := d.resolve(d.at("paths", plain, strings.ToLower(method), "responses", strconv.Itoa(w.Code)))
			kind := w.Header().Get("Content-Type")
			content, _ := response["content"].(map[string]any)
			of, _ := content[kind].(map[string]any)
			if of == nil {
				t.Errorf("%s: %d as %s is not described", request, w.Code, kind)
				continue
			}
			var value any
			if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
				t.Errorf("%s: %v", request, err)
			}
			d.check(t, request, of["schema"].(map[string]any), value)
		}
	})
}

// Events are as they are described.
func TestOpenAPIHoldsForEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		d := openAPI(t)
		c := listen(t, a, "kinds=record,counts,messages,log")
		synctest.Wait()
		g.tell(lampIs(messages.Offline))
		g.tell(actors.Update{Removed: []string{"boiler"}})
		g.passing <- actors.Passed{At: aDay, Topic: "x", Missed: 2}
		a.events.push(logLines, encode("log", lineOf(logbook.Line{At: aDay, Text: "said", Attrs: []logbook.Attr{{Key: "k", Value: "v"}}})))
		schemas := map[string]string{"snapshot": "Tree", "counts": "Queues", "message": "Message", "log": "Line", "missed": "Missed"}
		for range 7 {
			e := c.next(t)
			name := schemas[e.name]
			if e.name == "change" {
				name = "Entry"
				if strings.Contains(e.data, "removed") {
					name = "Removed"
				}
			}
			d.check(t, e.name, d.at("components", "schemas", name), object(t, e.data))
		}
	})
}

// check holds a value against a schema. Members that are not described are faults.
func (d document) check(t *testing.T, at string, schema map[string]any, value any) {
	t.Helper()
	schema = d.resolve(schema)
	if schema == nil {
		t.Errorf("%s: no schema", at)
		return
	}
	if is, want := typeOf(value), schema["type"]; want != nil && is != want && (is != "integer" || want != "number") {
		t.Errorf("%s: %s, want %s", at, is, want)
		return
	}
	if list, ok := schema["enum"].([]any); ok && !slices.ContainsFunc(list, func(one any) bool { return fmt.Sprint(one) == fmt.Sprint(value) }) {
		t.Errorf("%s: %v is none of %v", at, value, list)
	}
	switch value := value.(type) {
	case []any:
		if items, ok := schema["items"].(map[string]any); ok {
			for i, item := range value {
				d.check(t, fmt.Sprintf("%s[%d]", at, i), items, item)
			}
		}
	case map[string]any:
		required, _ := schema["required"].([]any)
		for _, key := range required {
			if _, ok := value[key.(string)]; !ok {
				t.Errorf("%s lacks %s", at, key)
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for key, member := range value {
			if of, ok := properties[key].(map[string]any); ok {
				d.check(t, at+"."+key, of, member)
			} else if schema["additionalProperties"] == nil {
				t.Errorf("%s.%s is not described", at, key)
			}
		}
	}
}

func typeOf(value any) string {
	switch value := value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if value == float64(int64(value)) {
			return "integer"
		}
		return "number"
	}
	return "null"
}
