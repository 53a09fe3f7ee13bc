package routing_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestFind(t *testing.T) {
	answers := []routing.Answers{
		0: {},
		1: {Location: []string{"Kitchen", "Office"}},
		2: {Location: []string{"Kitchen"}, Function: []string{"Lighting"}},
		3: {Device: []string{"spot"}},
		4: {Function: []string{"Audio", "Audio"}, Gateway: []string{"gw"}, Location: []string{"Office"}, Device: []string{"radio"}},
	}
	for _, row := range []struct {
		name string
		to   messages.Address
		want []int
	}{
		{"nothing set finds all", messages.Address{}, []int{0, 1, 2, 3, 4}},
		{"one value of several", messages.Address{Location: "Office"}, []int{0, 1, 3, 4}},
		{"two characteristics", messages.Address{Location: "Kitchen", Function: "Lighting"}, []int{0, 1, 2, 3}},
		{"one right and one wrong", messages.Address{Location: "Kitchen", Function: "Audio"}, []int{0, 1, 3}},
		{"what a device does not list is open", messages.Address{Device: "spot", Location: "Attic"}, []int{0, 3}},
		{"all four", messages.Address{Function: "Audio", Gateway: "gw", Location: "Office", Device: "radio"}, []int{0, 1, 4}},
		{"unknown value", messages.Address{Gateway: "elsewhere"}, []int{0, 1, 2, 3}},
		{"case counts", messages.Address{Device: "Spot"}, []int{0, 1, 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var x routing.Index
			for i := range answers {
				x.Add(i, &answers[i])
			}
			for range 2 { // the second time, the table exists
				found := x.Find(row.to, nil)
				slices.Sort(found)
				if !slices.Equal(found, row.want) {
					t.Errorf("%+v finds %v, want %v", row.to, found, row.want)
				}
			}
		})
	}
}

// The index finds the same devices as asking each device does, while devices are added and removed. Some devices list
// more values than a table holds, and some buckets have so many devices that they are looked up.
func TestFindAgreesWithMatchesWhileDevicesComeAndGo(t *testing.T) {
	for _, most := range []int{5, 40, 2000} {
		t.Run(fmt.Sprint("most=", most), func(t *testing.T) {
			const seed = 7
			random := rand.New(rand.NewPCG(seed, uint64(most)))
			values := func(most int) (list []string) {
				for range random.IntN(most + 1) {
					list = append(list, fmt.Sprint(random.IntN(6)))
				}
				return list
			}
			pick := func() string { return []string{"", "0", "1", "2", "5"}[random.IntN(5)] }
			var x routing.Index
			there := make(map[int]*routing.Answers)
			change := func() {
				number := random.IntN(most)
				if there[number] != nil {
					x.Remove(number)
					delete(there, number)
					return
				}
				a := &routing.Answers{Function: values(2), Gateway: values(2), Location: values(3), Device: values(1)}
				if random.IntN(20) == 0 {
					wide := slices.Repeat([]string{"1", "2", "3"}, 11)
					a = &routing.Answers{Function: wide, Location: wide}
				}
				x.Add(number, a)
				there[number] = a
			}
			for range most / 2 {
				change()
			}
			for step := range 1000 {
				change()
				if step == 500 { // remove all devices, so that the shapes are made anew
					for number := range there {
						x.Remove(number)
					}
					clear(there)
				}
				to := messages.Address{Function: pick(), Gateway: pick(), Location: pick(), Device: pick()}
				found := x.Find(to, nil)
				slices.Sort(found)
				var want []int
				for number, a := range there {
					if a.Matches(to) {
						want = append(want, number)
					}
				}
				slices.Sort(want)
				if !slices.Equal(found, want) {
					t.Fatalf("step %d: %+v finds %v, want %v", step, to, found, want)
				}
			}
		})
	}
}

// Adding or removing a device takes a few steps, whatever the number of other devices, and no message waits until
// tables are made anew.
func TestAddAndRemoveAllocateLittle(t *testing.T) {
	index, answers := crowded(20_000)
	one := testing.AllocsPerRun(100, func() {
		index.Remove(17)
		index.Add(17, &answers[17])
	})
	if one > 10 {
		t.Errorf("a device taken out and in again among 20,000: %v allocations, want no more than 10", one)
	}
	to := messages.Address{Location: "room17", Device: "device17"}
	found := make([]int, 0, 8)
	if n := testing.AllocsPerRun(100, func() { found = index.Find(to, found[:0]) }); n > 0 || len(found) != 1 {
		t.Errorf("finding it: %v allocations and %v, want none and 17", n, found)
	}
}

func TestMissNamesTheFirstCharacteristic(t *testing.T) {
	a := routing.Answers{Location: []string{"Kitchen", "Office"}, Device: []string{"spot"}}
	miss, ok := a.Miss(messages.Address{Function: "Lighting", Location: "Attic", Device: "radio"})
	if !ok || miss.Characteristic != "location" || miss.Value != "Attic" || !slices.Equal(miss.Answers, a.Location) {
		t.Errorf("Miss = %+v, %v", miss, ok)
	}
}
