package command

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
)

// lineInUse is a line without fault, with what its devices take of it.
type lineInUse struct {
	key    string // of its definition in the configuration
	ref    lines.Ref
	medium string
	load   float64 // 1 is all of its time
	of     string  // what load is a share of; "": no device tells
}

// checkLines returns what can be told of the lines of a configuration, whose devices are those of list: how much of each line its devices
// take, one line of text each; a warning for each line that no device is on; and what is wrong: the definition of a line, two lines with one
// medium, polls that take more time than there is.
func checkLines(l *config.Loaded, list []wanted.Device) (loads string, unused []string, err error) {
	var all []*lineInUse
	byMedium := map[string]*lineInUse{}
	var faults []error
	fault := func(key string, err error) {
		faults = append(faults, l.Fault(key, err))
	}
	// add returns the line of a definition, which it adds unless it is there already. nil: the definition has a fault.
	add := func(key string, ref lines.Ref) *lineInUse {
		medium, err := ref.Medium()
		if err != nil {
			return nil
		}
		switch other := byMedium[medium]; {
		case other == nil:
		case other.ref.Same(ref):
			return other
		default:
			fault(key, fmt.Errorf("%s is the medium of %s already: want one line for the devices of both", medium, l.Name(other.key)))
			return nil
		}
		line := &lineInUse{key: key, ref: ref, medium: medium}
		all, byMedium[medium] = append(all, line), line
		return line
	}
	named := make([]*lineInUse, len(l.Config.Lines))
	for i, line := range l.Config.Lines {
		key, ref := fmt.Sprintf("lines[%d]", i), lines.Ref(line)
		for _, f := range options.Faults(ref.Check()) {
			fault(strings.TrimSuffix(key+"."+f.Key, "."), f.Err)
		}
		named[i] = add(key, ref)
	}
	onLines := make([]bool, len(named))
	for _, d := range list {
		ref, ok := d.Ref()
		if !ok {
			continue
		}
		var line *lineInUse
		if i, ok := d.Line(); ok {
			line, onLines[i] = named[i], true
		} else {
			line = add(d.Key("line"), ref)
		}
		if typ, _ := devices.Lookup(d.Type); line != nil && typ.Load != nil {
			share, of := typ.Load(d.Params)
			line.load, line.of = line.load+share, cmp.Or(line.of, of)
		}
	}
	var text strings.Builder
	for _, line := range all {
		if line.of == "" {
			continue
		}
		percent := math.Ceil(line.load * 100)
		if line.load > 1 {
			fault(line.key, fmt.Errorf("the polls of its devices take %.0f %% of %s: want longer intervals, or fewer points", percent, line.of))
		}
		fmt.Fprintf(&text, "line %s: %.0f %% of %s\n", quoted(cmp.Or(line.ref.Name(), line.medium)), percent, line.of)
	}
	for i, used := range onLines {
		if !used && len(list) == len(l.Config.Devices) { // else a device that could not be completed may be on it
			unused = append(unused, l.Fault(fmt.Sprintf("lines[%d]", i), fmt.Errorf("no device is on the line %q", l.Config.Lines[i].Name())).Error())
		}
	}
	return text.String(), unused, errors.Join(faults...)
}
