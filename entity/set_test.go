package entity_test

import (
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestSetTellsWhatHasChanged(t *testing.T) {
	s := entity.NewSet()
	err := s.Describe(entity.Device{
		Address: messages.Address{Device: "boiler"},
		Entities: []entity.Entity{
			{ID: "flow", Kind: entity.Number, Report: entity.Report{Deadband: 0.2}},
			{ID: "pump", Kind: entity.Bool, Words: map[string]string{"true": "PUMP_ON"}, Address: messages.Address{Function: "Heating"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if news := s.Due(begin); len(news.Statuses) != 2 || len(news.Words) != 0 {
		t.Fatalf("after the description: %+v", news)
	}
	due, err := s.Update(begin, entity.Float("flow", 21.5, nil), entity.Boolean("pump", true, nil))
	if !due || err != nil {
		t.Fatal(due, err)
	}
	news := s.Due(begin)
	if got := news.Statuses[0].Message().String(); got != `S ///boiler: STATE {"flow":21.5}` {
		t.Error(got)
	}
	if got := news.Words[0]; got.Message().String() != "S Heating///boiler: PUMP_ON" || !got.Alone {
		t.Errorf("%+v", got)
	}
	if got := s.Values().Raw(); got != `{"flow":21.5,"pump":true}` {
		t.Error(got)
	}
}

func BenchmarkUpdateUnchanged(b *testing.B) {
	s := entity.NewSet()
	if err := s.Describe(entity.Device{Entities: []entity.Entity{
		{ID: "flow", Kind: entity.Number, Report: entity.Report{Stale: time.Minute}}, {ID: "return", Kind: entity.Number},
	}}); err != nil {
		b.Fatal(err)
	}
	reading := entity.Float("flow", 21.5, nil)
	now := time.Now()
	s.Update(now, reading)
	s.Due(now)
	b.ReportAllocs()
	for b.Loop() {
		s.Update(now, reading)
	}
}
