package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"

	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/topic"
)

// validate finds the faults that neither a type nor bounds rule out. It passes over options that could not be read.
func (l *loader) validate() {
	l.check("gateway.name", checkName(l.Config.Gateway.Name))
	l.validateMQTT()
	l.validateEmbedded()
	l.validateMapping()
	l.validateLines()
	l.validateDevices()
	l.validateEmail()
	l.validateHTTP()
}

// check notes err, unless it is nil, as a fault of an option.
func (l *loader) check(key string, err error) {
	if err != nil && !l.broken[key] {
		l.fault(key, err)
	}
}

// checkName checks a name that becomes one level of a topic.
func checkName(name string) error {
	if name == "" {
		return errors.New("empty: want a name")
	}
	return checked(name, topic.CheckLevel)
}

// checkDeviceName is for the names of devices. One with a dot may also be that of a device which another one would add: that is
// then refused.
func checkDeviceName(name string) error {
	if name == "" {
		return errors.New("empty: want a name")
	}
	return checked(name, topic.CheckDevice)
}

func (l *loader) validateMapping() {
	m := &l.Config.Mapping
	if m.File != "" && (m.Root != "" || len(m.Topics) > 0) {
		other := "mapping.root"
		if m.Root == "" {
			other = "mapping.topics"
		}
		l.check("mapping.file", fmt.Errorf("a map file brings its own root and topics: want no %s beside it", l.Name(other)))
	}
	l.check("mapping.root", checked(m.Root, topic.CheckRoot))
	for i, filter := range m.Topics {
		l.check(fmt.Sprintf("mapping.topics[%d]", i), checked(filter, topic.CheckFilter))
	}
	if len(l.faults) == 0 && l.Path != "" && m.File == "" && len(m.Topics) == 0 && !l.broken["mapping.file"] && !l.broken["mapping.topics"] {
		l.warnf("%s: neither a map file nor topics: nothing is subscribed to", l.Path)
	}
}

// validateLines finds lines without a name, and two of one name. The rest of a line is its protocol's business.
func (l *loader) validateLines() {
	first := make(map[string]int, len(l.Config.Lines))
	for i, line := range l.Config.Lines {
		if l.broken[fmt.Sprintf("lines[%d]", i)] {
			continue
		}
		key, name := fmt.Sprintf("lines[%d].name", i), line.Name()
		if other, ok := first[name]; ok && name != "" {
			l.check(key, fmt.Errorf("lines[%d] is called %q already", other, name))
			continue
		}
		first[name] = i
		if name == "" {
			l.check(key, errors.New("missing: want a text, by which devices name the line"))
		}
	}
}

func (l *loader) validateDevices() {
	first := make(map[string]int, len(l.Config.Devices))
	for i := range l.Config.Devices {
		if len(l.broken) > 0 && l.broken[fmt.Sprintf("devices[%d]", i)] {
			continue
		}
		l.validateDevice(i)
		name := l.Config.Devices[i].Name
		if other, ok := first[name]; ok && name != "" {
			l.checkDevice(i, "name", fmt.Errorf("devices[%d] is called %q already", other, name))
		} else {
			first[name] = i
		}
	}
}

func (l *loader) validateDevice(i int) {
	d := &l.Config.Devices[i]
	l.checkDevice(i, "name", checkDeviceName(d.Name))
	if d.Type == "" {
		l.checkDevice(i, "type", errors.New("empty: want one of those that the command \"devices\" lists"))
	}
	if d.Retry.Min > d.Retry.Max && !l.broken[fmt.Sprintf("devices[%d].retry.max", i)] {
		l.checkDevice(i, "retry.min", fmt.Errorf("%s: want at most the retry.max beside it, %s", options.Duration(d.Retry.Min), options.Duration(d.Retry.Max)))
	}
	l.checkWords(i, "answers_to.function", d.AnswersTo.Function)
	l.checkWords(i, "answers_to.gateway", d.AnswersTo.Gateway)
	l.checkWords(i, "answers_to.location", d.AnswersTo.Location)
	l.checkWords(i, "answers_to.device", d.AnswersTo.Device)
}

// checkDevice is check for an option of a device. It puts the key together only if there is a fault.
func (l *loader) checkDevice(i int, option string, err error) {
	if err != nil {
		l.check(fmt.Sprintf("devices[%d].%s", i, option), err)
	}
}

// checkWords refuses the empty word: a message whose characteristic is empty finds every device anyway.
func (l *loader) checkWords(i int, option string, words []string) {
	for n, word := range words {
		if word == "" {
			at := fmt.Sprintf("devices[%d].%s", i, option)
			l.check(fmt.Sprintf("%s[%d]", at, n), fmt.Errorf("empty: leave %s out to answer to everything", at))
		}
	}
}

// validateEmail demands all of host, from and to, or none.
func (l *loader) validateEmail() {
	e := &l.Config.Log.Email
	if e.Host == "" && e.From == "" && len(e.To) == 0 {
		return
	}
	const together = "host, from and to are needed together"
	if e.Host == "" {
		l.check("log.email.host", fmt.Errorf("missing: %s", together))
	} else {
		l.check("log.email.host", checkHost(e.Host))
	}
	if e.From == "" {
		l.check("log.email.from", fmt.Errorf("missing: %s", together))
	} else {
		l.check("log.email.from", checkAddress(e.From))
	}
	if len(e.To) == 0 {
		l.check("log.email.to", fmt.Errorf("missing: %s", together))
	}
	for i, address := range e.To {
		l.check(fmt.Sprintf("log.email.to[%d]", i), checkAddress(address))
	}
}

// checkHost is topic.CheckHost for a host without a port, where an IPv6 address needs no brackets.
func checkHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	return topic.CheckHost(host)
}

func checkAddress(address string) error {
	if _, err := mail.ParseAddress(address); err != nil {
		return fmt.Errorf("%q is no mail address: want one such as me@example.com", address)
	}
	return nil
}
