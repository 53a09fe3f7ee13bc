// Package wanted stands between a configuration and everybody who deals with its devices. Package config knows no device type, and keeps
// what an operator has written. A [Device] of this package has all of its parameters: those of its profile come first, with the operator's laid
// over them, and where one names a line, the definition of the line stands in its place. So a device changes if, and only if, its profile,
// its line or its own options do, and whoever checks, describes, opens or compares a device needs no other source.
//
// A fault is told by the key of what the operator wrote: [Device.Key] and [Device.Fault].
package wanted

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/profile"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Device is a device of a configuration, with complete parameters. It is the configuration's own where nothing had to be completed: nobody
// may change it.
type Device struct {
	*config.Device
	of      *config.Config
	index   int              // in the configuration
	line    int              // index of its line in the configuration; -1: its type has no line, or the line's options stand in place
	profile *profile.Profile // that its parameters come from as well; nil: none
	written map[string]any   // with a profile, the parameters as the configuration has them
}

// lineKey is the parameter by which a device says on which line it is.
const lineKey = "line"

// Devices returns the devices that a configuration wants, in its order. A device that can't be completed is left out; the error joins a
// fault for each reason, with its key.
func Devices(c *config.Config, library profile.Library) ([]Device, error) {
	list := make([]Device, 0, len(c.Devices))
	named := make(map[string]int, len(c.Lines))
	for i, line := range c.Lines {
		named[line.Name()] = i
	}
	s := &shelf{library, make(map[string]*profile.Profile), make(map[string]error)}
	var faults []error
	for i := range c.Devices {
		d := Device{Device: &c.Devices[i], of: c, index: i, line: -1}
		err := d.putProfile(s)
		if err == nil {
			err = d.putLine(c.Lines, named)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		list = append(list, d)
	}
	return list, errors.Join(faults...)
}

// Complete returns the devices of a list as everybody else knows devices: the configuration's own, which nobody may change, if these are
// all and none had to be completed. A copy of 100,000 devices takes as much memory as they do.
func Complete(list []Device) []config.Device {
	if len(list) > 0 && len(list) == len(list[0].of.Devices) && !slices.ContainsFunc(list, Device.isCompleted) {
		return list[0].of.Devices
	}
	all := make([]config.Device, len(list))
	for i := range list {
		all[i] = *list[i].Device
	}
	return all
}

// isCompleted reports whether the device is not the configuration's own.
func (d Device) isCompleted() bool { return d.Device != &d.of.Devices[d.index] }

// Key returns the key, in the configuration, of a parameter of the device, or of a part of one: lines[2].baud for line.baud. The key "" is
// that of all parameters.
func (d *Device) Key(parameter string) string {
	if d.line >= 0 && len(parameter) > len(lineKey) && strings.EqualFold(parameter[:len(lineKey)+1], lineKey+".") {
		return fmt.Sprintf("lines[%d]%s", d.line, parameter[len(lineKey):])
	}
	if d.profile != nil && parameter != "" {
		if parameter = d.profile.Source(d.Type, d.written, parameter).Own; parameter == "" {
			parameter = ProfileKey
		}
	}
	return d.own(parameter)
}

// own returns the key of a parameter that stands in the configuration.
func (d *Device) own(parameter string) string {
	key := fmt.Sprintf("devices[%d].params", d.index)
	if parameter != "" {
		key += "." + parameter
	}
	return key
}

// Line returns the index of the device's line in the configuration, and false if the device is on none of those.
func (d *Device) Line() (int, bool) { return d.line, d.line >= 0 }

// Ref returns the line that the device is on, and false if its type has no line, or the device names none.
func (d *Device) Ref() (lines.Ref, bool) {
	typ, err := devices.Lookup(d.Type)
	if err != nil || !onLine(typ) {
		return nil, false
	}
	for key, value := range d.Params {
		if line, ok := value.(map[string]any); ok && strings.EqualFold(key, lineKey) {
			return line, true
		}
	}
	return nil, false
}

// putLine puts the definition of a line in the place of the line's name. named has the index of each line by its name.
func (d *Device) putLine(all []config.Line, named map[string]int) error {
	key, name := d.lineName()
	if key == "" {
		return nil
	}
	i, ok := named[name]
	if !ok {
		return d.Fault(key, unknownLine(name, all))
	}
	params := maps.Clone(d.Params)
	params[key] = map[string]any(all[i])
	d.put(params)
	d.line = i
	return nil
}

// put gives the device other parameters. The configuration stays as it is.
func (d *Device) put(params map[string]any) {
	own := *d.Device
	own.Params = params
	d.Device = &own
}

// lineName returns the parameter that names a line, and the name. The key is "" if there is none: the type has no line, the parameter
// is missing, or the options of the line stand in its place.
func (d *Device) lineName() (key, name string) {
	for key, value := range d.Params {
		name, isText := value.(string)
		if !isText || !strings.EqualFold(key, lineKey) {
			continue
		}
		if typ, err := devices.Lookup(d.Type); err == nil && onLine(typ) {
			return key, name
		}
	}
	return "", ""
}

// onLine reports whether devices of a type are on lines. An option of that key which is a text is the type's own business.
func onLine(typ devices.Type) bool {
	for _, p := range typ.Params {
		if p.Key == lineKey {
			return p.Type == "map"
		}
	}
	return false
}

func unknownLine(name string, all []config.Line) error {
	names := make([]string, len(all))
	for i, line := range all {
		names[i] = line.Name()
	}
	switch meant := wording.DidYouMean(name, names); {
	case len(all) == 0:
		return fmt.Errorf("there is no line %q, for the section lines: is missing", name)
	case meant != "":
		return fmt.Errorf("there is no line %q%s", name, meant)
	}
	return fmt.Errorf("there is no line %q (have %s)", name, strings.Join(names, ", "))
}
