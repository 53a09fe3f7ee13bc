package bench

import (
	"fmt"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/messages"
)

// crowd is so many devices in a hundred rooms.
func crowd(n int) []routing.Answers {
	answers := make([]routing.Answers, n)
	for i := range answers {
		answers[i] = routing.Answers{Location: []string{fmt.Sprint("room", i%100)}, Device: []string{fmt.Sprint("device", i)}}
	}
	return answers
}

// BenchmarkRoute finds one device among many, of those that are spoken to now and then.
func BenchmarkRoute(b *testing.B) {
	for _, devices := range []int{1, 10, 1000, 100_000} {
		b.Run(fmt.Sprintf("devices=%d", devices), func(b *testing.B) {
			answers := crowd(devices)
			index := routing.New(devices, func(i int) routing.Answers { return answers[i] })
			addresses := make([]messages.Address, min(devices, 1024))
			for i := range addresses {
				addresses[i] = messages.Address{Function: "Lighting", Location: fmt.Sprint("room", i%100), Device: fmt.Sprint("device", i)}
			}
			found := index.Find(addresses[0], nil) // The tables are made by the first that needs them.
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				found = index.Find(addresses[i%len(addresses)], found[:0])
			}
		})
	}
}
