package hooks

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mqttgateway/mqttgateway/devices"
)

// MinSecret is how many characters a secret has at least. With 16 at random of 64 there are 2^96 of them.
const MinSecret = 16

// maxSecret keeps addresses short enough for all equipment.
const maxSecret = 128

// CheckSecret says why a text can't be a secret: in an address it stands as it is.
func CheckSecret(secret string) error {
	ok := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.~", r)
	}
	switch {
	case len(secret) < MinSecret:
		return fmt.Errorf("has %d characters, want %d at least, such as \"openssl rand -hex 16\" makes them", len(secret), MinSecret)
	case len(secret) > maxSecret:
		return fmt.Errorf("has %d characters, want %d at most", len(secret), maxSecret)
	case strings.ContainsFunc(secret, func(r rune) bool { return !ok(r) }):
		return errors.New("holds a character that would be another in an address, want letters, digits and -_.~ only")
	}
	return nil
}

// CheckPath says why a text can't be the path of a hook.
func CheckPath(path string) error {
	segments := strings.Split(path, "/")
	for _, segment := range segments[1:] {
		if segment == "" || segment == "." || segment == ".." || CheckSecret(segment+strings.Repeat("-", MinSecret)) != nil {
			return fmt.Errorf("%q, want a path such as /button, of letters, digits and -_.~", path)
		}
	}
	if segments[0] != "" || len(segments) < 2 {
		return fmt.Errorf("%q, want a path such as /button, which begins with /", path)
	}
	return nil
}

// Handler acts on a request at a path. The document is what package text makes queries of. The error says what is wrong with the
// document, and becomes the answer.
type Handler = func(path string, document any) error

// Hooks are those of one device.
type Hooks struct {
	device string
	secret [sha256.Size]byte // its hash
	paths  []string
	calls  bucket

	mu     sync.RWMutex // held for reading by requests
	handle Handler      // nil: the device is down
}

// table holds the hooks of all devices of the process.
var table struct {
	sync.RWMutex
	servers int // that serve it
	devices map[string]*Hooks
}

// Announce makes the hooks of a device known. Until Open they are answered as those of a device that is down. A device that is opened
// again announces its hooks again. The error wraps [devices.ErrConfig] if no server serves hooks.
func Announce(device, secret string, paths []string) (*Hooks, error) {
	if err := CheckSecret(secret); err != nil {
		return nil, fmt.Errorf("the secret of the hooks: %w", err)
	}
	h := &Hooks{device: device, secret: sha256.Sum256([]byte(secret)), paths: slices.Clone(paths), calls: bucket{rate: callsRate, most: callsMost}}
	table.Lock()
	defer table.Unlock()
	if table.servers == 0 {
		return nil, fmt.Errorf("%w: nothing listens for hooks: want http.listen", devices.ErrConfig)
	}
	table.devices[device] = h
	return h, nil
}

// Open has requests handled from now on.
func (h *Hooks) Open(handle Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handle = handle
}

// Close has requests answered as those of a device that is down, and waits for those that are under way.
func (h *Hooks) Close() { h.Open(nil) }

// errDown is for requests to a device that is down.
var errDown = errors.New("the device is down")

func (h *Hooks) call(path string, document any) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.handle == nil {
		return errDown
	}
	return h.handle(path, document)
}

// find returns the hooks of a device if the secret and the path are right, and nil otherwise.
func find(device, secret, path string) *Hooks {
	table.RLock()
	h := table.devices[device]
	table.RUnlock()
	known := h != nil
	if !known {
		h = &Hooks{}
	}
	given := sha256.Sum256([]byte(secret))
	right := subtle.ConstantTimeCompare(given[:], h.secret[:]) == 1
	if !known || !right || !slices.Contains(h.paths, path) {
		return nil
	}
	return h
}

// forget drops the hooks of a device.
func forget(h *Hooks) {
	table.Lock()
	defer table.Unlock()
	if table.devices[h.device] == h {
		delete(table.devices, h.device)
	}
}

// isDown reports whether the device is down.
func (h *Hooks) isDown() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.handle == nil
}
