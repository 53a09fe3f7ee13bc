package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/bench/internal/table"
)

const micro = 1e-3 // from ns to µs

func tables(r results) []table.Table {
	return []table.Table{client(r), path(r), routes(r)}
}

// path is the table of a message's cost without the network.
func path(r results) table.Table {
	t := table.Table{
		Title: "The path of a message, without a network",
		Lead: `All eight vocabularies are mapped. "There and back" is a command from the session through mapper and device, and its status to
the session, with 64 under way; "emit" is a status from a device to the session.`,
	}
	add := func(what, name, unit string, scale float64, target table.Target) {
		if values := r.of(name, unit, scale); len(values) > 0 {
			t.Rows = append(t.Rows, table.Row{What: what, Target: target, Values: values})
		}
	}
	for _, args := range []string{"0", "2"} {
		most := table.AtMost(map[string]float64{"0": 2, "2": 4}[args])
		with := ", " + args + " arguments, "
		add("decode"+with+"µs", "Decode/args="+args, "ns/op", micro, table.Target{})
		add("decode"+with+"allocations", "Decode/args="+args, "allocs/op", 1, most)
		add("encode"+with+"µs", "Encode/args="+args, "ns/op", micro, table.Target{})
		add("encode"+with+"allocations", "Encode/args="+args, "allocs/op", 1, most)
	}
	add("decode + route + encode, 2 arguments, µs", "DecodeRouteEncode/args=2", "ns/op", micro, table.AtMost(1.2))
	add("decode + route + encode, 2 arguments, allocations", "DecodeRouteEncode/args=2", "allocs/op", 1, table.AtMost(3))
	for _, qos := range []string{"0", "1"} {
		add("there and back, QoS "+qos+", µs", "ThroughAndBack/QoS"+qos, "ns/op", micro, table.Target{})
		add("emit, QoS "+qos+", µs", "Emit/QoS"+qos, "ns/op", micro, table.Target{})
	}
	return t
}

func routes(r results) table.Table {
	t := table.Table{
		Title: "Routing",
		Lead:  "Ratio of the times to find one device among 100,000 and among 10; the others are medians in ns.",
		Extra: []string{"of 1", "of 10", "of 1,000", "of 100,000"},
	}
	row := table.Row{
		What: "100,000 devices against 10", Target: table.AtMost(1.5),
		Values: table.Ratios(r.of("Find/devices=100000", "ns/op", 1), r.of("Find/devices=10", "ns/op", 1)),
	}
	for _, devices := range []string{"1", "10", "1000", "100000"} {
		row.Extra = append(row.Extra, table.Number(table.Median(r.of("Find/devices="+devices, "ns/op", 1))))
	}
	t.Rows = append(t.Rows, row)
	return t
}

// client is the table that compares each client with paho used plainly.
func client(r results) table.Table {
	t := table.Table{
		Title: "The client alone",
		Lead: `Ratio of the rate at which the client relays to that of plain paho, beside a stub of a broker that only batches, with 512 messages
of 100 bytes under way; the others are medians of thousands of messages a second, and of allocations.`,
		Extra: []string{"client", "plain paho", "allocations", "plain paho's"},
	}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		qos, which, ok := strings.Cut(strings.TrimPrefix(name, "Client/qos="), "/client=")
		if !ok || which == "plain" {
			continue
		}
		plain := fmt.Sprintf("Client/qos=%s/client=plain", qos)
		rate := func(name string) string { return table.Number(1e6 / table.Median(r.of(name, "ns/op", 1))) }
		allocs := func(name string) string { return table.Number(table.Median(r.of(name, "allocs/op", 1))) }
		t.Rows = append(t.Rows, table.Row{
			What: which + ", QoS " + qos, Values: table.Ratios(r.of(plain, "ns/op", 1), r.of(name, "ns/op", 1)),
			Extra: []string{rate(name), rate(plain), allocs(name), allocs(plain)},
		})
	}
	return t
}
