package routing_test

import (
	"fmt"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/messages"
)

// crowded returns an index of n devices in a hundred rooms, and their answers. The index has its tables for messages
// that set a location, a device, or both.
func crowded(n int) (*routing.Index, []routing.Answers) {
	index := new(routing.Index)
	answers := make([]routing.Answers, n)
	for i := range answers {
		answers[i] = routing.Answers{Location: []string{fmt.Sprint("room", i%100)}, Device: []string{fmt.Sprint("device", i)}}
		index.Add(i, &answers[i])
	}
	for _, to := range []messages.Address{{Location: "x"}, {Device: "x"}, {Location: "x", Device: "x"}} {
		index.Find(to, nil)
	}
	return index, answers
}

// BenchmarkFind finds one of many devices, among those that get messages now and then.
func BenchmarkFind(b *testing.B) {
	for _, devices := range []int{1, 10, 1000, 100_000} {
		b.Run(fmt.Sprintf("devices=%d", devices), func(b *testing.B) {
			index, _ := crowded(devices)
			addresses := make([]messages.Address, min(devices, 1024))
			for i := range addresses {
				addresses[i] = messages.Address{Function: "Lighting", Location: fmt.Sprint("room", i%100), Device: fmt.Sprint("device", i)}
			}
			var found []int
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				found = index.Find(addresses[i%len(addresses)], found[:0])
			}
		})
	}
}

// BenchmarkAddRemove removes one of many devices and adds it again, wherever it stands in the index.
func BenchmarkAddRemove(b *testing.B) {
	for _, devices := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("devices=%d", devices), func(b *testing.B) {
			index, answers := crowded(devices)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				device := i * 7919 % devices
				index.Remove(device)
				index.Add(device, &answers[device])
			}
		})
	}
}
