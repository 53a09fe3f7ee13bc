package wanted

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/internal/profile"
	"github.com/mqttgateway/mqttgateway/profiles"
)

// ProfileKey is the parameter by which a device says of which product it is. It is none of the type's.
const ProfileKey = "profile"

// Library returns the profiles that the devices of a configuration can have: those beside its file, which is at path, those of the
// machine, and those of the program. path is "" if there is no file.
func Library(path string) profile.Library {
	l := profile.Library{Folders: []string{"/etc/gateway/profiles"}, Shipped: profiles.Files}
	if path != "" {
		l.Beside = filepath.Dir(path)
		l.Folders = slices.Insert(l.Folders, 0, filepath.Join(l.Beside, "profiles"))
	}
	return l
}

// shelf keeps the profiles that have been read, for many devices may have one.
type shelf struct {
	library profile.Library
	read    map[string]*profile.Profile
	faults  map[string]error
}

// find reads a profile, the first time.
func (s *shelf) find(name string) (*profile.Profile, error) {
	if _, known := s.read[name]; !known {
		s.read[name], s.faults[name] = s.library.Find(name)
	}
	return s.read[name], s.faults[name]
}

// putProfile makes the parameters of a device with a profile. The error joins all faults.
func (d *Device) putProfile(s *shelf) error {
	key, name, err := d.profileName()
	if err != nil || key == "" {
		return err
	}
	p, err := s.find(name)
	if err != nil {
		var faults []error
		for _, fault := range options.Each(err) {
			faults = append(faults, &options.Fault{Key: d.own(key), Err: fault})
		}
		return errors.Join(faults...)
	}
	params, err := p.Render(d.Type, d.Params)
	if err != nil {
		var faults []error
		for _, fault := range options.Faults(err) {
			faults = append(faults, &options.Fault{Key: d.own(fault.Key), Err: fault.Err})
		}
		return errors.Join(faults...)
	}
	d.profile, d.written = p, d.Params
	d.put(s.library.WithFiles(p, params))
	return nil
}

// profileName returns the parameter that names a profile, and the name. The key is "" if there is none, or if a parameter of that name
// is the type's own business.
func (d *Device) profileName() (key, name string, err error) {
	for key, value := range d.Params {
		if value == nil || !strings.EqualFold(key, ProfileKey) || !d.takesProfile() {
			continue
		}
		name, ok := value.(string)
		if !ok {
			return "", "", &options.Fault{Key: d.own(key), Err: fmt.Errorf("%v, want the name of a profile", value)}
		}
		return key, name, nil
	}
	return "", "", nil
}

// takesProfile reports whether devices of the type can have a profile: the type says which options it has, and that is none of them.
func (d *Device) takesProfile() bool {
	typ, err := devices.Lookup(d.Type)
	return err == nil && typ.Check != nil && !slices.ContainsFunc(typ.Params, func(p devices.Param) bool { return p.Key == ProfileKey })
}

// Fault returns a fault of a parameter, or of a part of one, under the key of what the operator wrote. What a profile gives is told of at
// the name of the profile, with its place in the file of the profile.
func (d *Device) Fault(parameter string, err error) *options.Fault {
	if d.profile != nil {
		if from := d.profile.Source(d.Type, d.written, parameter); from.Place != "" {
			return &options.Fault{Key: d.Key(parameter), Err: &options.Fault{Place: from.Place, Key: from.Key, Err: err}}
		}
	}
	return &options.Fault{Key: d.Key(parameter), Err: err}
}
