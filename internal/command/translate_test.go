package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

const conformance = "../../mapping/testdata/"

// answer is one line that translate writes.
type answer struct {
	Message *messages.InternalMsg `json:"message"`
	Echo    *bool                 `json:"echo"`
	Topic   *string               `json:"topic"`
	Payload string                `json:"payload"`
	Error   string                `json:"error"`
}

// TestTranslateConformance runs all the conformance cases through the command, one run for each map.
func TestTranslateConformance(t *testing.T) {
	maps := make(map[string]json.RawMessage)
	readJSON(t, conformance+"maps.json", &maps)
	cases, err := os.ReadFile(conformance + "cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for name, text := range maps {
		file := filepath.Join(t.TempDir(), "map.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var in strings.Builder
		var wants []map[string]json.RawMessage
		for line := range bytes.Lines(cases) {
			var c map[string]json.RawMessage
			if err := json.Unmarshal(line, &c); err != nil {
				t.Fatal(err)
			}
			if string(c["map"]) != fmt.Sprintf("%q", name) {
				continue
			}
			wants = append(wants, c)
			if string(c["dir"]) == `"in"` {
				fmt.Fprintf(&in, `{"topic":%s,"payload":%s}`+"\n", c["topic"], c["payload"])
			} else {
				fmt.Fprintf(&in, `{"message":%s}`+"\n", c["msg"])
			}
		}
		out := runTranslate(t, in.String(), "--map", file, "--name", "dummy2mqtt")
		answers := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(answers) != len(wants) {
			t.Fatalf("map %s: %d answers to %d lines", name, len(answers), len(wants))
		}
		for i, want := range wants {
			if problem := compare(answers[i], want); problem != "" {
				t.Errorf("map %s: %s\ngot  %s\nwant %s", name, problem, answers[i], want)
				continue
			}
			held++
		}
	}
	if held != 777 {
		t.Errorf("%d cases held, want 777", held)
	}
}

// compare returns the difference between a line that translate wrote and a conformance case, or "" if there is none.
func compare(line string, want map[string]json.RawMessage) string {
	var got answer
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		return err.Error()
	}
	switch _, refused := want["error"]; {
	case refused && (got.Error == "" || got.Message != nil || got.Topic != nil):
		return "not refused"
	case refused:
		return ""
	case got.Error != "":
		return "refused"
	}
	if string(want["dir"]) == `"in"` {
		var msg messages.InternalMsg
		if err := json.Unmarshal(want["msg"], &msg); err != nil {
			return err.Error()
		}
		if got.Message == nil || !got.Message.Equal(msg) || fmt.Sprint(*got.Echo) != string(want["echo"]) {
			return "another message"
		}
		return ""
	}
	var topic, payload string
	if err := errors.Join(json.Unmarshal(want["topic"], &topic), json.Unmarshal(want["payload"], &payload)); err != nil {
		return err.Error()
	}
	same := got.Payload == payload
	if strings.HasPrefix(payload, "{") {
		a, aErr := messages.ParseValue(got.Payload)
		b, bErr := messages.ParseValue(payload)
		same = aErr == nil && bErr == nil && a.Equal(b)
	}
	if got.Topic == nil || *got.Topic != topic || !same {
		return "another topic or payload"
	}
	return ""
}

func TestTranslateLines(t *testing.T) {
	codec := newStrictCodec(t)
	tests := map[string]struct{ line, want string }{
		"decode": {
			`{"topic":"r/f/g/l/d/me/C","payload":"on"}`,
			`{"message":{"type":"C","function":"f","gateway":"g","location":"l","device":"d","sender":"me","action":"on","arguments":{}},"echo":false}`,
		},
		"arguments keep order and digits": {
			`{"topic":"r/f/g/l/d/me/S","payload":"{\"z\":12345678901234567890,\"action\":\"on\",\"a\":1e21}"}`,
			`{"message":{"type":"S","function":"f","gateway":"g","location":"l","device":"d","sender":"me","action":"on","arguments":{"z":12345678901234567890,"a":1e21}},"echo":false}`,
		},
		"base64": {
			`{"topic":"r/f/g/l/d/me/C","payload_base64":"b24="}`,
			`{"message":{"type":"C","function":"f","gateway":"g","location":"l","device":"d","sender":"me","action":"on","arguments":{}},"echo":false}`,
		},
		"base64 of no UTF-8": {`{"topic":"r/f/g/l/d/me/C","payload_base64":"/w=="}`, `{"error":"message `},
		"no base64":          {`{"topic":"r/f/g/l/d/me/C","payload_base64":"%"}`, `{"error":"line: payload_base64: `},
		"echo under a strict sender map": {
			`{"topic":"r/f/g/l/d/gw/C","payload":"on"}`,
			`{"message":{"type":"C","function":"f","gateway":"g","location":"l","device":"d","sender":"gw","action":"on","arguments":{}},"echo":true}`,
		},
		"echo with a fault": {`{"topic":"r/f/g/l/d/gw/C","payload":""}`, `{"error":"message \"r/f/g/l/d/gw/C\" \"\": an empty payload","echo":true}`},
		"encode": {
			`{"message":{"type":"S","function":"f","action":"on"}}`,
			`{"topic":"r/f////gw/S","payload":"on"}`,
		},
		"encode without action": {
			`{"message":{"type":"S","function":"f","gateway":"g","location":"l","device":"d","arguments":{"level":1}}}`,
			`{"topic":"r/f/g/l/d/gw/S","payload":"{\"level\":1}"}`,
		},
		"encode nothing":       {`{"message":{"type":"S","function":"f"}}`, `{"error":"message \"S f///: \": action: empty, and there are no arguments"}`},
		"encode what can't be": {`{"message":{"type":"S","location":"a/b","action":"on"}}`, `{"error":"message \"S //a/b/: on\": location: `},
		"encode without type":  {`{"message":{"action":"on"}}`, `{"error":"message: type: missing`},
		"empty line":           {"", `{"error":"line: not JSON: `},
		"no object":            {"[]", `{"error":"line: a list, want an object"}`},
		"bytes of no UTF-8":    {"{\"topic\":\"\xff\"}", `{"error":"line: bytes that are no UTF-8`},
		"no payload":           {`{"topic":"r/f/g/l/d/me/C"}`, `{"error":"line: want the keys `},
		"two payloads":         {`{"topic":"r/f/g/l/d/me/C","payload":"on","payload_base64":"b24="}`, `{"error":"line: want the keys `},
		"both ways":            {`{"topic":"r/f/g/l/d/me/C","payload":"on","message":{"type":"C"}}`, `{"error":"line: want the keys `},
		"unknown key":          {`{"topic":"r/f/g/l/d/me/C","payload":"on","qos":"1"}`, `{"error":"line: want the keys `},
		"payload no string":    {`{"topic":"r/f/g/l/d/me/C","payload":1}`, `{"error":"line: \"payload\": a number, want a string"}`},
		"carriage return":      {"{\"message\":{\"type\":\"C\",\"action\":\"on\"}}\r", `{"topic":"r/////gw/C","payload":"on"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := string(translateLine(codec, []byte(tt.line), nil))
			whole := strings.HasSuffix(tt.want, "}")
			if whole && got != tt.want || !strings.HasPrefix(got, tt.want) || !json.Valid([]byte(got)) {
				t.Errorf("translate %s\ngot  %s\nwant %s", tt.line, got, tt.want)
			}
		})
	}
}

// TestTranslateOrder translates more lines than the workers hold at a time, of all lengths up to too long.
func TestTranslateOrder(t *testing.T) {
	codec := newStrictCodec(t)
	var in, want strings.Builder
	for i := range 20_000 {
		padding := strings.Repeat("x", i%97)
		switch i {
		case 500:
			padding = strings.Repeat("y", maxLine-200)
		case 1000:
			fmt.Fprintf(&in, "%s\n", strings.Repeat(" ", 3*maxLine))
			fmt.Fprintf(&want, `{"error":"line: longer than %d bytes"}`+"\n", maxLine)
			continue
		}
		fmt.Fprintf(&in, `{"message":{"type":"C","device":"%d","action":"%s."}}`+"\n", i, padding)
		fmt.Fprintf(&want, `{"topic":"r////%d/gw/C","payload":"%s."}`+"\n", i, padding)
	}
	for name, reader := range map[string]io.Reader{
		"whole":       strings.NewReader(in.String()),
		"no last end": strings.NewReader(strings.TrimSuffix(in.String(), "\n")),
	} {
		var out strings.Builder
		if err := translate(codec, reader, &out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out.String() != want.String() {
			t.Errorf("%s: %d bytes came, want %d, or they differ", name, out.Len(), want.Len())
		}
	}
}

// TestTranslateAnswersAtOnce writes one and a half lines: translate answers the whole line without waiting for the rest
// of the other.
func TestTranslateAnswersAtOnce(t *testing.T) {
	codec := newStrictCodec(t)
	inRead, inWrite := io.Pipe()
	outRead, outWrite := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- translate(codec, inRead, outWrite) }()
	answers := bufio.NewScanner(outRead)
	for i, part := range []string{"{\"message\":{\"type\":\"C\",\"action\":\"1\"}}\n{\"mess", "age\":{\"type\":\"C\",\"action\":\"2\"}}\n"} {
		if _, err := io.WriteString(inWrite, part); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"topic":"r/////gw/C","payload":"%d"}`, i+1)
		if !answers.Scan() || answers.Text() != want {
			t.Fatalf("got %s, want %s", answers.Text(), want)
		}
	}
	if err := inWrite.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestTranslateLongLine makes the line break of a line that is just too long arrive alone.
func TestTranslateLongLine(t *testing.T) {
	var out strings.Builder
	in := io.MultiReader(strings.NewReader(strings.Repeat(" ", maxLine)), strings.NewReader(" "), strings.NewReader("\n"))
	want := fmt.Sprintf(`{"error":"line: longer than %d bytes"}`+"\n", maxLine)
	if err := translate(newStrictCodec(t), in, &out); err != nil || out.String() != want {
		t.Errorf("got %s, %v; want %s", out.String(), err, want)
	}
}

func TestTranslateErrors(t *testing.T) {
	codec := newStrictCodec(t)
	broken := errors.New("broken")
	inRead, inWrite := io.Pipe()
	inWrite.CloseWithError(broken)
	if err := translate(codec, inRead, io.Discard); !errors.Is(err, broken) {
		t.Errorf("reading fails: got %v", err)
	}
	outRead, outWrite := io.Pipe()
	outRead.CloseWithError(broken)
	if err := translate(codec, strings.NewReader(strings.Repeat("\n", 1<<18)), outWrite); !errors.Is(err, broken) {
		t.Errorf("writing fails: got %v", err)
	}
}

func TestTranslateMapFile(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"root": "r"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		want string
	}{
		"no flags": {nil, `required flag(s) "map", "name" not set`},
		"no file":  {[]string{"--map", filepath.Join(dir, "none.json"), "--name", "gw"}, "map file: open "},
		"bad file": {[]string{"--map", bad, "--name", "gw"}, `"topics" is missing`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := newTranslate()
			cmd.SetArgs(tt.args)
			cmd.SetOut(io.Discard)
			cmd.SetErr(io.Discard)
			if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

func BenchmarkTranslateLine(b *testing.B) {
	codec := newStrictCodec(b)
	line := []byte(`{"topic":"r/lighting/gw/kitchen/spot/me/C","payload":"{\"action\":\"dim\",\"level\":42}"}`)
	var answer []byte
	b.ReportAllocs()
	for b.Loop() {
		answer = translateLine(codec, line, answer[:0])
	}
}

// BenchmarkTranslate measures the whole of translate, which is to take 5 s at most for a million lines.
func BenchmarkTranslate(b *testing.B) {
	codec := newStrictCodec(b)
	const lines = 10_000
	in := strings.Repeat(`{"topic":"r/lighting/gw/kitchen/spot/me/C","payload":"{\"action\":\"dim\",\"level\":42}"}`+"\n"+
		`{"message":{"type":"S","function":"lighting","location":"kitchen","action":"dim","arguments":{"level":42}}}`+"\n", lines/2)
	for b.Loop() {
		if err := translate(codec, strings.NewReader(in), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// newStrictCodec returns the codec of a gateway named gw whose map knows only the senders me and nobody.
func newStrictCodec(t testing.TB) *mapping.Codec {
	t.Helper()
	file, _, err := mapping.Parse([]byte(`{"root": "r", "topics": ["r/#"], "sender": {"maptype": "strict", "map": {"me": ["me"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func runTranslate(t *testing.T, in string, args ...string) string {
	t.Helper()
	cmd := newTranslate()
	var out, warnings strings.Builder
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetOut(&out)
	cmd.SetErr(&warnings)
	if err := cmd.Execute(); err != nil {
		t.Fatalf("translate %q: %v", args, err)
	}
	return out.String()
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}
