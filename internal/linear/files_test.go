package linear_test

import (
	"fmt"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/internal/users"
)

var fileWorks = []work{
	{"users/names", func(t *testing.T, n int) func() {
		text := []byte(list(n, "\n", func(i int) string { return fmt.Sprintf("user%d:word", i) }))
		return func() {
			if users, err := users.Parse(text); err != nil || len(users.Names()) != n {
				t.Error(err)
			}
		}
	}},
	{"users/faults", func(t *testing.T, n int) func() {
		text := []byte(list(n, "\n", func(i int) string { return fmt.Sprintf("user%d:$6$%d\nuser:word", i, i) }))
		return func() {
			if _, err := users.Parse(text); err != nil {
				_ = err.Error()
			}
		}
	}},
	{"spool/records", func(t *testing.T, n int) func() {
		o := spool.Options{Dir: t.TempDir(), SegmentSize: 10_000, Durable: func(uint64, error) {}}
		s, _, err := spool.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		var numbers []uint64
		for i := range n {
			number, err := s.Append([]byte(different(i)))
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, number)
		}
		for _, number := range numbers[:n/2] {
			s.Release(number)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return func() {
			s, recovered, err := spool.Open(o)
			if err != nil || len(recovered.Records) < n/2 {
				t.Fatal(len(recovered.Records), err)
			}
			for _, r := range recovered.Records {
				s.Release(r.Number)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}},
}
