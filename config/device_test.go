package config

import (
	"reflect"
	"testing"
)

// What answers_to leaves out the address says, each characteristic for itself.
func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		name   string
		device Device
		want   AnswersTo
	}{
		{"nothing is said", Device{}, AnswersTo{}},
		{"an address", Device{Address: Address{Function: "Lighting", Device: "Spot"}}, AnswersTo{Function: []string{"Lighting"}, Device: []string{"Spot"}}},
		{
			"some of both",
			Device{Address: Address{"Lighting", "gw", "Hall", "Spot"}, AnswersTo: AnswersTo{Location: []string{"Hall", "House"}, Device: []string{}}},
			AnswersTo{[]string{"Lighting"}, []string{"gw"}, []string{"Hall", "House"}, []string{"Spot"}},
		},
	} {
		if got := row.device.Answers(); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: answers to %+v, want %+v", row.name, got, row.want)
		}
	}
}
