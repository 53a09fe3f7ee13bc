package config

import (
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// readableByOthers is the permission that a file with a secret should not have. Whether the group may read the file is its
// owner's choice: a service and a certificate's renewer share a key that way.
const readableByOthers fs.FileMode = 0o004

// warnIfExposed warns of a file with a secret that everybody on this machine can read.
func (l *loader) warnIfExposed(name, path string) {
	if runtime.GOOS == "windows" { // permissions there are not in the mode
		return
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode()&readableByOthers == 0 {
		return
	}
	l.warnf("%s: others can read %s (mode %#o): want 0600, or 0640", name, path, info.Mode().Perm())
}

// warnIfHoldsPassword warns likewise of the configuration file if the password stands in it.
func (l *loader) warnIfHoldsPassword() {
	const key = "mqtt.password"
	name := l.origins[key]
	if l.Path == "" || l.Config.MQTT.Password == "" || strings.HasPrefix(name, "--") || strings.HasPrefix(name, envPrefix) {
		return
	}
	l.warnIfExposed(l.Name(key), l.Path)
}
