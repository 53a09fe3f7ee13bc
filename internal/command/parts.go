package command

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/users"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/internal/wording"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// parts holds what the files that a configuration names contain.
type parts struct {
	codec    *mapping.Codec
	security func() (*tls.Config, error) // returns the settings for each attempt to connect; nil: the defaults
	server   *certificate                // of the gateway's own web server; nil: nothing is encrypted
	devices  []wanted.Device             // with complete parameters
	logins
}

// logins are those who may sign in at the gateway, as their files had them at the start.
type logins struct {
	users    users.List    // of the embedded broker
	webUsers users.List    // of the gateway's own web server
	webToken config.Secret // of the same; "": none
}

// changes returns the options whose files say something else now.
func (l logins) changes(now logins) (keys []string) {
	if !l.users.Equal(now.users) {
		keys = append(keys, "embedded.users_file")
	}
	if l.webToken != now.webToken {
		keys = append(keys, "http.token_file")
	}
	if !l.webUsers.Equal(now.webUsers) {
		keys = append(keys, "http.users_file")
	}
	return keys
}

// readParts reads the files that a configuration names (the map file, certificates, users, a token), looks up the types of its devices
// and completes their parameters. loadErr is the error of loading the configuration; readParts joins loadErr with all faults that it finds
// itself, so that one run of the program tells everything. A part that loadErr makes unreadable is skipped. Each warning is one line.
func readParts(l *config.Loaded, loadErr error) (p parts, warnings []string, err error) {
	faults := []error{loadErr}
	file, warnings, err := readMap(l, loadErr == nil)
	faults = append(faults, err)
	if loadErr == nil && file != nil {
		p.codec, err = mapping.New(l.Config.Gateway.Name, file)
		faults = append(faults, err)
	}
	p.security, err = readTLS(l)
	faults = append(faults, err)
	p.users, err = readUsers(l, "embedded.users_file", l.Config.Embedded.UsersFile)
	faults = append(faults, err)
	p.webUsers, err = readUsers(l, "http.users_file", l.Config.HTTP.UsersFile)
	faults = append(faults, err)
	p.webToken, err = readToken(l)
	faults = append(faults, err)
	p.server, err = readCertificate(l)
	faults = append(faults, err)
	for i, d := range l.Config.Devices {
		if d.Type == "" {
			continue
		}
		if _, err := devices.Lookup(d.Type); err != nil {
			faults = append(faults, l.Fault(fmt.Sprintf("devices[%d].type", i), fmt.Errorf("%w%s", err, whatToDo(l, d.Type))))
		}
	}
	p.devices, err = completed(l)
	faults = append(faults, err)
	if loadErr == nil && len(l.Config.Devices) == 0 {
		warnings = append(warnings, "devices: there are none, and nothing acts on messages")
	}
	if loadErr == nil {
		warnings = append(warnings, unusedEmbedded(l)...)
	}
	return p, slices.Concat(l.Warnings, warnings), errors.Join(faults...)
}

// completed returns the devices with complete parameters, without those that can't be completed; the error holds the reasons.
func completed(l *config.Loaded) ([]wanted.Device, error) {
	list, err := wanted.Devices(&l.Config, wanted.Library(l.Path))
	var faults []error
	for _, f := range options.Faults(err) {
		faults = append(faults, l.Fault(f.Key, f.Err))
	}
	return list, errors.Join(faults...)
}

// whatToDo returns advice for a user who has configured a type of device that this program doesn't have.
func whatToDo(l *config.Loaded, typ string) string {
	const at = "at https://github.com/mqttgateway/mqttgateway"
	var names []string
	for _, t := range devices.Types() {
		names = append(names, t.Name)
	}
	switch meant := wording.DidYouMean(typ, names); {
	case meant != "":
		return meant
	case config.IsOriginal(l.Path):
		return ": its interface in Python becomes a device in Go, in a program of your own, see docs/migration.md " + at
	}
	return `: one of your own is built into a program of your own, see "A device in a screenful" ` + at
}

// readMap reads the map file, or returns the map that the options or the example give. The file is nil beside an error.
// If the configuration is not good, and names no map file, the file is nil without an error: which map is wanted can't
// be known.
func readMap(l *config.Loaded, good bool) (*mapping.File, []string, error) {
	m := l.Config.Mapping
	switch {
	case filepath.IsAbs(m.File):
		return readMapFile(m.File)
	case !good:
		return nil, nil, nil
	case usesExampleMap(l):
		file, faults, err := mapping.Parse(mapping.Example())
		warnings, err := worded("the example's map", faults, err)
		return file, warnings, err
	}
	file, faults, err := mapping.Plain(m.Root, m.Topics)
	warnings, err := worded("mapping", faults, err)
	if l.Path == "" && len(m.Topics) == 0 {
		warnings = append(warnings, l.Name("mapping.root")+" without mapping.topics: nothing is subscribed to")
	}
	return file, warnings, err
}

// readMapFile reads a map file. Each warning is one line.
func readMapFile(path string) (*mapping.File, []string, error) {
	data, err := files.Text(path)
	if _, unread := errors.AsType[*fs.PathError](err); unread {
		return nil, nil, fmt.Errorf("map file: %w", err)
	}
	if err != nil { // which says where
		return nil, nil, err
	}
	file, faults, err := mapping.Parse(data)
	warnings, err := worded(path, faults, err)
	return file, warnings, err
}

// worded prefixes each warning and each fault with the name or the path of what was read.
func worded(what string, faults []*mapping.Fault, err error) ([]string, error) {
	var warnings []string
	for _, fault := range faults {
		warnings = append(warnings, under(what, fault).Error())
	}
	errs := options.Each(err)
	for i, err := range errs {
		errs[i] = under(what, err)
	}
	return warnings, errors.Join(errs...)
}

// under prefixes a fault of a map. One that has a place is told as faults of a configuration are: FILE:LINE:COLUMN.
func under(what string, err error) error {
	if fault, ok := errors.AsType[*mapping.Fault](err); ok && fault.Line > 0 {
		return fmt.Errorf("%s:%w", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
