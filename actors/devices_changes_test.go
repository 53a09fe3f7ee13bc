package actors

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/config"
)

func TestChangesTo(t *testing.T) {
	lamp := func(name string, change ...func(*config.Device)) config.Device {
		d := config.Device{Name: name, Type: "lamp", Mailbox: 10, Params: map[string]any{"port": "/dev/tty", "list": []any{1, "two"}}}
		for _, f := range change {
			f(&d)
		}
		return d
	}
	for _, row := range []struct {
		name            string
		present, wanted []config.Device
		want            Changes
	}{
		{"nothing", nil, nil, Changes{}},
		{"all new", nil, []config.Device{lamp("b"), lamp("a")}, Changes{Added: []string{"a", "b"}}},
		{"all gone", []config.Device{lamp("b"), lamp("a")}, nil, Changes{Removed: []string{"a", "b"}}},
		{"another order", []config.Device{lamp("b"), lamp("a")}, []config.Device{lamp("a"), lamp("b")}, Changes{Kept: []string{"a", "b"}}},
		{
			"some of each", []config.Device{lamp("a"), lamp("b"), lamp("c")},
			[]config.Device{lamp("d"), lamp("c"), lamp("b", func(d *config.Device) { d.Retain = true })},
			Changes{Added: []string{"d"}, Removed: []string{"a"}, Changed: []string{"b"}, Kept: []string{"c"}},
		},
		{"a parameter within a list", []config.Device{lamp("a")}, []config.Device{lamp("a", func(d *config.Device) {
			d.Params = map[string]any{"port": "/dev/tty", "list": []any{1, "three"}}
		})}, Changes{Changed: []string{"a"}}},
		{"lists that are left out or empty", []config.Device{lamp("a", func(d *config.Device) { d.Params = nil })}, []config.Device{lamp("a", func(d *config.Device) {
			d.Params, d.AnswersTo.Device = map[string]any{}, []string{}
		})}, Changes{Kept: []string{"a"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := changesTo(byName(row.present), row.wanted); !reflect.DeepEqual(got, row.want) {
				t.Errorf("the changes are %+v, want %+v", got, row.want)
			}
		})
	}
}

func byName(list []config.Device) map[string]*config.Device {
	m := make(map[string]*config.Device)
	for i := range list {
		m[list[i].Name] = &list[i]
	}
	return m
}

// Each option of a device counts, also one that is not there yet when this is written.
func TestEachOptionChangesADevice(t *testing.T) {
	var walk func(v reflect.Value, path string, is, other *config.Device)
	walk = func(v reflect.Value, path string, is, other *config.Device) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name, is, other)
			}
			return
		case reflect.String:
			v.SetString("other")
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Int, reflect.Int64:
			v.SetInt(1)
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"other"}))
		case reflect.Map:
			v.Set(reflect.ValueOf(map[string]any{"other": 1}))
		default:
			t.Fatalf("%s is a %v, of which this test knows nothing", path, v.Kind())
		}
		if sameConfiguration(is, other) || sameConfiguration(other, is) {
			t.Errorf("another %s is taken for the same", path)
		}
		v.SetZero()
		if !sameConfiguration(is, other) {
			t.Errorf("%s stays different", path)
		}
	}
	is, other := &config.Device{}, &config.Device{}
	walk(reflect.ValueOf(other).Elem(), "device", is, other)
}

// However two sets differ, each name is in one list, and the lists are sorted.
func TestChangesToWalk(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, seed))
	set := func() (list []config.Device) {
		for n := range 20 {
			if random.IntN(2) == 0 {
				list = append(list, config.Device{Name: fmt.Sprint("d", n), Timeout: time.Duration(random.IntN(2))})
			}
		}
		return list
	}
	for range 500 {
		present, wanted := set(), set()
		c := changesTo(byName(present), wanted)
		var names []string
		for _, list := range [][]string{c.Added, c.Changed, c.Kept} {
			if !slices.IsSorted(list) {
				t.Fatalf("%q is not sorted", list)
			}
			names = append(names, list...)
		}
		slices.Sort(names)
		var want []string
		for _, d := range wanted {
			want = append(want, d.Name)
		}
		if slices.Sort(want); !slices.Equal(names, want) {
			t.Fatalf("seed %d: %q are added, changed or kept, want %q", seed, names, want)
		}
		if len(c.Removed)+len(c.Changed)+len(c.Kept) != len(present) {
			t.Fatalf("seed %d: %+v of %d devices", seed, c, len(present))
		}
	}
}

// One device of 100,000 has changed.
func BenchmarkChangesTo(b *testing.B) {
	list := func() (list []config.Device) {
		for n := range 100_000 {
			name := fmt.Sprint("lamp", n)
			list = append(list, config.Device{
				Name: name, Type: "dummy", AnswersTo: config.AnswersTo{Device: []string{name}}, Params: map[string]any{"port": "none", "interval": "0s"},
			})
		}
		return list
	}
	present, wanted := byName(list()), list()
	wanted[500].Retain = true
	for b.Loop() {
		if c := changesTo(present, wanted); len(c.Changed) != 1 {
			b.Fatal(c.Changed)
		}
	}
}
