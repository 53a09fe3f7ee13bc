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
			x := routing.New(len(answers), func(i int) routing.Answers { return answers[i] })
			for range 2 { // the second time from the table
				found := x.Find(row.to, nil)
				slices.Sort(found)
				if !slices.Equal(found, row.want) {
					t.Errorf("%+v finds %v, want %v", row.to, found, row.want)
				}
			}
		})
	}
}

// The index finds what asking each device finds, also when a device lists more than a table holds.
func TestFindAgreesWithMatches(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	values := func(most int) (list []string) {
		for range random.IntN(most + 1) {
			list = append(list, fmt.Sprint(random.IntN(6)))
		}
		return list
	}
	for round := range 50 {
		var answers []routing.Answers
		for range 40 {
			answers = append(answers, routing.Answers{Function: values(2), Gateway: values(2), Location: values(3), Device: values(1)})
		}
		wide := slices.Repeat([]string{"1", "2", "3"}, 11)
		answers = append(answers, routing.Answers{Function: wide, Location: wide})
		x := routing.New(len(answers), func(i int) routing.Answers { return answers[i] })
		for range 100 {
			pick := func() string { return []string{"", "0", "1", "2", "5"}[random.IntN(5)] }
			to := messages.Address{Function: pick(), Gateway: pick(), Location: pick(), Device: pick()}
			found := x.Find(to, nil)
			slices.Sort(found)
			var want []int
			for device, a := range answers {
				if a.Matches(to) {
					want = append(want, device)
				}
			}
			if !slices.Equal(found, want) {
				t.Fatalf("seed %d, round %d: %+v finds %v, want %v", seed, round, to, found, want)
			}
		}
	}
}

func TestMissNamesTheFirstCharacteristic(t *testing.T) {
	a := routing.Answers{Location: []string{"Kitchen", "Office"}, Device: []string{"spot"}}
	miss, ok := a.Miss(messages.Address{Function: "Lighting", Location: "Attic", Device: "radio"})
	if !ok || miss.Characteristic != "location" || miss.Value != "Attic" || !slices.Equal(miss.Answers, a.Location) {
		t.Errorf("Miss = %+v, %v", miss, ok)
	}
}
