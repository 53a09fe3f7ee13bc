package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// pathOption is an option that names a file.
type pathOption struct {
	key     string
	path    *string
	ext     string // extension of the usual name; "": there is no usual name
	written bool   // the gateway writes the file: it need not exist yet
	secret  bool   // no other user should be able to read the file
}

func pathOptions(c *Config) []pathOption {
	return []pathOption{
		{key: "mapping.file", path: &c.Mapping.File, ext: ".map"},
		{key: "mqtt.password_file", path: &c.MQTT.PasswordFile, secret: true},
		{key: "mqtt.tls.ca_file", path: &c.MQTT.TLS.CAFile},
		{key: "mqtt.tls.cert_file", path: &c.MQTT.TLS.CertFile},
		{key: "mqtt.tls.key_file", path: &c.MQTT.TLS.KeyFile, secret: true},
		{key: "mqtt.spool", path: &c.MQTT.Spool, written: true},
		{key: "gateway.state", path: &c.Gateway.State, written: true},
		{key: "embedded.users_file", path: &c.Embedded.UsersFile, secret: true},
		{key: "log.file.path", path: &c.Log.File.Path, ext: ".log", written: true},
		{key: "health.socket", path: &c.Health.Socket, written: true},
		{key: "http.users_file", path: &c.HTTP.UsersFile, secret: true},
		{key: "http.token_file", path: &c.HTTP.TokenFile, secret: true},
		{key: "http.cert_file", path: &c.HTTP.CertFile},
		{key: "http.key_file", path: &c.HTTP.KeyFile, secret: true},
	}
}

// resolvePaths makes every path absolute, and reads the file with the password.
func (l *loader) resolvePaths() {
	for _, o := range pathOptions(&l.Config) {
		if *o.path == "" {
			continue
		}
		path, err := l.resolve(o)
		if err != nil {
			*o.path = path
			l.missing(l.Fault(o.key, err))
			continue
		}
		*o.path = path
		if o.secret {
			l.warnIfExposed(o.key, path)
		}
		if o.key == "mqtt.password_file" {
			l.readPassword(path)
		}
	}
}

// chooseState fills in the folder of what outlives the process, if nobody has named one.
func (l *loader) chooseState() {
	c := &l.Config
	if c.Gateway.State != "" {
		return
	}
	for _, variable := range l.src.Environ {
		// systemd.exec(5): several folders of a unit are separated by colons.
		if folders, ok := strings.CutPrefix(variable, "STATE_DIRECTORY="); ok {
			folder, _, _ := strings.Cut(folders, ":")
			if filepath.IsAbs(folder) {
				c.Gateway.State = folder
				return
			}
		}
	}
	if c.MQTT.Spool != "" && c.MQTT.QoS > 0 {
		c.Gateway.State = c.MQTT.Spool + "-state"
	}
}

// resolve finds a file as the original did. An absolute path stays as it is. A relative one is looked for beside the
// configuration file, in the working directory and beside the program; one on the command line is looked for in the working
// directory first. A file that is yet to be written, and is in none of them, belongs into the first. Beside an error the path
// stays as it is named.
func (l *loader) resolve(o pathOption) (string, error) {
	path := *o.path
	if o.ext != "" {
		path = usualName(path, l.appName()+o.ext)
	}
	dirs := l.src.dirs()
	if l.src.Home != "" && !IsOriginal(l.Path) {
		dirs = dirs[:len(dirs)-1] // no file of today is looked for in the original's folder
	}
	if l.Path != "" {
		dirs = append([]string{filepath.Dir(l.Path)}, dirs...)
		if strings.HasPrefix(l.origins[o.key], "--") {
			dirs[0], dirs[1] = dirs[1], dirs[0]
		}
	}
	found, err := lookFor(path, dirs, o.written)
	if err != nil {
		return path, err
	}
	return found, nil
}

// missing notes that a file isn't there: as a warning if the sources may be incomplete, otherwise as a fault.
func (l *loader) missing(fault *options.Fault) {
	if l.src.Incomplete {
		l.warnf("%v", fault)
		return
	}
	l.faults = append(l.faults, fault)
}

// usualName replaces ".", "..", and a folder with / at its end by the file called name in that folder.
func usualName(path, name string) string {
	switch path {
	case ".":
		return name
	case "..":
		return "../" + name
	}
	if strings.HasSuffix(path, "/") {
		return path + name
	}
	return path
}

// lookFor returns the absolute path of the first file that exists at path in one of dirs.
func lookFor(path string, dirs []string, written bool) (string, error) {
	if strings.ContainsRune(path, 0) {
		return "", fmt.Errorf("%q is no path", path)
	}
	var tried []string
	for _, dir := range dirs {
		absolute, err := filepath.Abs(under(dir, path))
		if err != nil {
			return "", err
		}
		if isFile(absolute) {
			return absolute, nil
		}
		if !slices.Contains(tried, absolute) {
			tried = append(tried, absolute)
		}
		if filepath.IsAbs(path) {
			break
		}
	}
	if written {
		return tried[0], nil
	}
	return "", fmt.Errorf("there is no file %s", strings.Join(tried, " nor "))
}

// under returns path as seen from dir.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

func (l *loader) readPassword(path string) {
	if l.Config.MQTT.Password != "" {
		l.faultf("mqtt.password_file", "there is %s too: want one of the two", l.Name("mqtt.password"))
		return
	}
	text, err := files.Unmarked(path) // an MQTT password is any bytes
	if err != nil {
		l.fault("mqtt.password_file", err)
		return
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch at := strings.IndexAny(password, "\x00\r\n"); {
	case password == "":
		l.faultf("mqtt.password_file", "%s is empty", path)
	case at >= 0:
		l.faultf("mqtt.password_file", "%s: the password ends here, and the file goes on: want nothing else in it", files.Place(path, text, at))
	default:
		l.Config.MQTT.Password = Secret(password)
	}
}
