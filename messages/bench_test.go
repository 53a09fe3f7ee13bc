package messages_test

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

const payload = `{"action": "set_scene", "scene": "evening", "level": 30, "colour": [255, 180, 107], "fade": {"ms": 1500}, "id": "7f3a"}`

func readMembers(t testing.TB) {
	v, err := messages.ParseValue(payload)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for key, e := range v.Members() {
		if _, ok := e.Text(); ok && key == "action" {
			n++
		}
		if level, ok := e.Int(); ok && level == 30 {
			n++
		}
	}
	if n != 2 {
		t.Fatalf("found %d of action and level, want both", n)
	}
}

func TestReadingAPayloadAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(1000, func() { readMembers(t) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkParseValueAndMembers(b *testing.B) {
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		readMembers(b)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	m := fromJSON(b, `{"type":"C","function":"Lighting","location":"Kitchen","action":"DIM","arguments":{"level":30,"id":"7f3a"}}`)
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = m.AppendJSON(line[:0])
	}
}
