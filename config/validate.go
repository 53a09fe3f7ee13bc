package config

import (
	"fmt"
	"math"
	"net/mail"
	"slices"
	"time"
)

// validate finds everything that no type rules out. Options that could not be read are passed over.
func (l *loader) validate() {
	l.validateGateway()
	l.validateMQTT()
	l.validateEmbedded()
	l.validateMapping()
	l.validateDevices()
	l.validateLog()
}

// check reports what is wrong with an option, if anything is.
func (l *loader) check(key string, err error) {
	if err != nil && !l.broken[key] {
		l.fault(key, err)
	}
}

func (l *loader) checkPositive(key string, d time.Duration) {
	if d <= 0 {
		l.check(key, fmt.Errorf("%s is too short: want more than 0", duration(d)))
	}
}

// checkRange is about numbers of things.
func (l *loader) checkRange(key string, n, low, high int) {
	switch {
	case n >= low && n <= high:
	case high == unlimited:
		l.check(key, fmt.Errorf("%d is out of range: want %d or more", n, low))
	default:
		l.check(key, fmt.Errorf("%d is out of range: want %d to %d", n, low, high))
	}
}

const unlimited = math.MaxInt

func (l *loader) validateGateway() {
	g := &l.Config.Gateway
	l.check("gateway.name", checkLevel(g.Name))
	l.checkPositive("gateway.grace", g.Grace)
	if g.StartWait < 0 {
		l.check("gateway.start_wait", fmt.Errorf("%s is negative", duration(g.StartWait)))
	}
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
	l.check("mapping.root", checkTopic(m.Root))
	for i, filter := range m.Topics {
		l.check(fmt.Sprintf("mapping.topics[%d]", i), checkFilter(filter))
	}
	if len(l.faults) == 0 && l.Path != "" && m.File == "" && len(m.Topics) == 0 && !l.broken["mapping.file"] && !l.broken["mapping.topics"] {
		l.warnf("%s: neither a map file nor topics: nothing is subscribed to", l.Path)
	}
}

func (l *loader) validateDevices() {
	first := map[string]int{}
	for i := range l.Config.Devices {
		d, at := &l.Config.Devices[i], fmt.Sprintf("devices[%d]", i)
		if l.broken[at] {
			continue
		}
		l.check(at+".name", checkLevel(d.Name))
		if other, ok := first[d.Name]; ok && d.Name != "" {
			l.check(at+".name", fmt.Errorf("devices[%d] is called %q already", other, d.Name))
		} else {
			first[d.Name] = i
		}
		if d.Type == "" {
			l.check(at+".type", fmt.Errorf("empty: want one of those that \"gateway devices\" lists"))
		}
		if !slices.Contains([]string{ReplyAlways, ReplyAddressed, ReplyNever}, d.Reply) {
			l.check(at+".reply", fmt.Errorf("%q: want always, addressed or never", d.Reply))
		}
		l.checkPositive(at+".timeout", d.Timeout)
		l.checkPositive(at+".open_timeout", d.OpenTimeout)
		l.checkRange(at+".mailbox", d.Mailbox, 1, unlimited)
		l.checkWords(at+".answers_to.function", d.AnswersTo.Function)
		l.checkWords(at+".answers_to.gateway", d.AnswersTo.Gateway)
		l.checkWords(at+".answers_to.location", d.AnswersTo.Location)
		l.checkWords(at+".answers_to.device", d.AnswersTo.Device)
	}
}

// checkWords refuses the empty word: a message that leaves a characteristic empty finds every device anyway.
func (l *loader) checkWords(key string, words []string) {
	for i, word := range words {
		if word == "" {
			l.check(fmt.Sprintf("%s[%d]", key, i), fmt.Errorf("empty: leave %s out to answer to everything", key))
		}
	}
}

func (l *loader) validateLog() {
	c := &l.Config.Log
	switch c.Format {
	case FormatAuto, FormatText, FormatJSON:
	default:
		l.check("log.format", fmt.Errorf("want auto, text or json, have %q", c.Format))
	}
	l.checkPositive("log.throttle", c.Throttle)
	l.checkSize("log.file.max_size", c.File.MaxSize, maxFile)
	l.checkRange("log.file.max_files", c.File.MaxFiles, 0, unlimited)
	l.checkRange("log.email.port", c.Email.Port, 1, 65535)
	l.validateEmail()
}

// validateEmail wants all of host, from and to, or none.
func (l *loader) validateEmail() {
	e := &l.Config.Log.Email
	if e.Host == "" && e.From == "" && len(e.To) == 0 {
		return
	}
	const together = "host, from and to are needed together"
	if e.Host == "" {
		l.check("log.email.host", fmt.Errorf("missing: %s", together))
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

func checkAddress(address string) error {
	if _, err := mail.ParseAddress(address); err != nil {
		return fmt.Errorf("%q is no mail address: want one such as me@example.com", address)
	}
	return nil
}
