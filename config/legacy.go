package config

import (
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// oldOptions are the options of the original, in the files of both its generations. The options of the map stand under [MQTT] in
// the first, under [MAP] in the second. [INTERFACE] takes any option, and [CONFIG] was for notes of the original's own.
var oldOptions = map[string][]string{
	"MQTT":      {"host", "port", "keepalive", "timeout", "filename", "clientid", "mapping", "mapfilename", "root", "topics"},
	"MAP":       {"clientid", "mapping", "mapfilename", "root", "topics"},
	"LOG":       {"consolelevel", "filelevel", "filename", "logfilename", "filenum", "filesize", "debug", "emailhost", "emailport", "emailaddress"},
	"INTERFACE": nil,
	"CONFIG":    nil,
}

// readOriginal reads one of the original's files and lays what it says over the defaults, as if a file of today said it.
//
// timeout, the pace of the original's loop, has no counterpart here and is passed over.
func (l *loader) readOriginal() {
	k := koanf.New(noDelimiter)
	if !l.loadOriginal(k, l.Path) || !l.loadShared(k) {
		return
	}
	o := oldReader{loader: l, old: sectionsOf(k), flat: map[string]any{}, names: origins{}}
	o.warnUnknown()
	o.broker()
	o.mapping()
	o.log()
	o.behaviour()
	o.device()
	l.load(confmap.Provider(o.flat, "."), nil, named(o.names))
}

// noDelimiter keeps koanf from taking a dot in the name of a section or an option for the border between two.
const noDelimiter = "\x00"

// loadOriginal lays the file at path over what k holds.
func (l *loader) loadOriginal(k *koanf.Koanf, path string) bool {
	err := k.Load(textFile(path), located{Parser: originalParser{}, path: path})
	l.faults = append(l.faults, options.Each(err)...)
	return err == nil
}

// loadShared reads the file that [MQTT] filename names, which several gateways may share. What it says wins.
func (l *loader) loadShared(k *koanf.Koanf) bool {
	name := sectionsOf(k)["MQTT"]["filename"]
	if name == "" {
		return true
	}
	dirs := append([]string{filepath.Dir(l.Path)}, l.src.dirs()...)
	path, err := lookFor(usualName(name, l.appName()+".conf"), dirs, false)
	if err != nil {
		l.missing(&options.Fault{Key: "[MQTT] filename", Err: err})
		return true
	}
	l.loadOriginal(k, path)
	return true
}

// sectionsOf returns what originalParser has read into k.
func sectionsOf(k *koanf.Koanf) oldFile {
	old := oldFile{}
	for section, values := range k.Raw() {
		old[section] = map[string]string{}
		for option, value := range values.(map[string]any) {
			old[section][option] = value.(string)
		}
	}
	return old
}

// oldReader translates an old file to options of today. flat holds their values and names their places in the file, both by
// dotted key.
type oldReader struct {
	*loader
	old   oldFile
	flat  map[string]any
	names origins
}

// set sets an option. place is where its value stands in the file.
func (o *oldReader) set(key string, value any, place string) {
	o.flat[key], o.names[key] = value, place
}

func (o *oldReader) faultAt(place, format string, args ...any) {
	o.faults = append(o.faults, &options.Fault{Key: place, Err: fmt.Errorf(format, args...)})
}

// get returns the value of an option and its place. "" counts as not given, as it mostly did in the original.
func (o *oldReader) get(section, option string) (value, place string) {
	return o.old[section][option], "[" + section + "] " + option
}

// whole translates a whole number, and appends a unit.
func (o *oldReader) whole(key, section, option, unit string) {
	value, place := o.get(section, option)
	if value == "" {
		return
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		o.faultAt(place, "want a whole number, have %q", value)
		return
	}
	o.set(key, strconv.Itoa(n)+unit, place)
}

// warnUnknown warns of each section and option that the original did not know, once. An option under [DEFAULT] belongs to some
// section and not to all: it is not warned of.
func (o *oldReader) warnUnknown() {
	defaults := o.old[oldDefault]
	sections := slices.Sorted(maps.Keys(oldOptions))
	for _, section := range slices.Sorted(maps.Keys(o.old)) {
		known, ok := oldOptions[section]
		if !ok && section != oldDefault {
			o.warnf("unknown section [%s] is ignored; there are %s", wording.Printable(section), strings.Join(sections, ", "))
		}
		if known == nil {
			continue
		}
		for _, option := range slices.Sorted(maps.Keys(o.old[section])) {
			if _, inherited := defaults[option]; !inherited && !slices.Contains(known, option) {
				o.warnf("[%s] %s: unknown option is ignored%s", section, wording.Printable(option), wording.DidYouMean(option, known))
			}
		}
	}
}

func (o *oldReader) broker() {
	host, hostPlace := o.get("MQTT", "host")
	port, portPlace := o.get("MQTT", "port")
	place := hostPlace
	if host == "" {
		host, place = "127.0.0.1", portPlace
	}
	number := 1883
	if port != "" {
		var err error
		if number, err = strconv.Atoi(port); err != nil || number < 1 || number > 65535 {
			o.faultAt(portPlace, "want a port, 1 to 65535, have %q", port)
			number = 1883
		}
	}
	o.set("mqtt.broker", "tcp://"+net.JoinHostPort(host, strconv.Itoa(number)), place)
	o.whole("mqtt.keepalive", "MQTT", "keepalive", "s")
}

// fromMap is get for the options that were moved from [MQTT] to [MAP].
func (o *oldReader) fromMap(option string) (value, place string, given bool) {
	section := "MAP"
	if _, ok := o.old[section][option]; !ok {
		section = "MQTT"
	}
	_, given = o.old[section][option]
	value, place = o.get(section, option)
	return value, place, given
}

// mapping translates the map file if mapping is on, otherwise root and topics. mapfilename without mapping has no effect; nor
// have root and topics beside a map file.
func (o *oldReader) mapping() {
	if id, place, _ := o.fromMap("clientid"); id != "" {
		o.set("mqtt.client_id", id, place)
	}
	file, filePlace, given := o.fromMap("mapfilename")
	if !given {
		file = "."
	}
	if o.mappingIsOn() && file != "" {
		o.set("mapping.file", file, filePlace)
		return
	}
	if root, place, _ := o.fromMap("root"); root != "" {
		o.set("mapping.root", root, place)
	}
	topics, place, _ := o.fromMap("topics")
	switch {
	case topics != "":
		o.set("mapping.topics", oldList(topics), place)
	case given && file != "" && file != ".":
		o.warnf("%s: %q is not used, for mapping is off", filePlace, file)
	}
}

// oldList reads a list as the original did: empty words between two commas are left out.
func oldList(text string) (list []any) {
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			list = append(list, word)
		}
	}
	return list
}

func (o *oldReader) mappingIsOn() bool {
	value, place, _ := o.fromMap("mapping")
	return o.isOn(value, place)
}

// isOn reads the words of Python's configparser for true and false; empty is false.
func (o *oldReader) isOn(value, place string) bool {
	switch strings.ToLower(value) {
	case "", "0", "no", "false", "off":
		return false
	case "1", "yes", "true", "on":
		return true
	}
	o.faultAt(place, "want on or off, have %q", value)
	return false
}

// device adds the one device that each of the original's programs had. Its type stands in the file's name, dummy2mqtt.conf.
func (o *oldReader) device() {
	kind, place := o.src.DeviceType, "--device"
	if kind == "" {
		name := o.appName()
		if place = filepath.Base(o.Path); name != stem(o.Path) {
			place = name
		}
		if kind = deviceIn(name); kind == "" {
			if !o.src.AnyDevice {
				o.faults = append(o.faults, fmt.Errorf("%s: the name does not tell the device: want a name such as dummy2mqtt.conf, or --device", o.Path))
				return
			}
			kind = name
		}
	}
	params := map[string]any{}
	for option, value := range o.old["INTERFACE"] {
		params[option] = value
	}
	o.names["devices[0].name"], o.names["devices[0].type"] = place, place
	o.names["devices[0].params"] = "[INTERFACE]"
	o.flat["devices"] = []any{map[string]any{"name": kind, "type": kind, "params": params, "reply": ReplyNever, "reply_arguments": true}}
}

// behaviour sets the options in which the gateway otherwise differs from the original, which acted on retained commands and
// published nothing but what its interface sent. Nor did it answer commands: see device.
func (o *oldReader) behaviour() {
	place := filepath.Base(o.Path)
	o.set("mapping.retained_commands", true, place)
	o.set("mqtt.availability", false, place)
}
