package command

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/service"
)

// checkPlaces finds the files and folders that run can't write. It writes nothing itself, and works beside a running
// gateway. A log file or a ledger that can't be written is a warning: run starts without it.
func checkPlaces(l *config.Loaded) (warnings []string, err error) {
	var faults []error
	c := &l.Config
	fault := func(key string, err error) {
		if err != nil {
			faults = append(faults, l.Fault(key, err))
		}
	}
	if dir := c.MQTT.Spool; filepath.IsAbs(dir) && c.MQTT.QoS > 0 {
		fault("mqtt.spool", checkFolder(dir))
	}
	if dir := c.Gateway.State; filepath.IsAbs(dir) {
		if err := checkFolder(dir); err != nil {
			warnings = append(warnings, fmt.Sprintf("%s: %v: what devices leave at the broker is not cleared after a crash", l.Name("gateway.state"), err))
		}
	}
	if c.MQTT.Broker == config.Embedded {
		fault("embedded.address", checkOwn(c.Embedded.Address))
	}
	if c.HTTP.Listen != "" {
		fault("http.listen", checkOwn(c.HTTP.Listen))
	}
	if path := c.Health.Socket; filepath.IsAbs(path) {
		err := service.CheckSocket(path)
		if err == nil {
			err = checkParent(path)
		}
		fault("health.socket", err)
	}
	if path := c.Log.File.Path; filepath.IsAbs(path) && c.Log.File.Level != config.None {
		if err := checkLog(path); err != nil {
			warnings = append(warnings, fmt.Sprintf("%s: %v: nothing is logged there until it can be", l.Name("log.file.path"), err))
		}
	}
	return warnings, errors.Join(faults...)
}

// checkOwn returns an error if no process can listen at an address, since the IP address is another machine's. Names
// are not looked up.
func checkOwn(address string) error {
	host, _, _ := net.SplitHostPort(address) // config has already checked the form of the address
	ip, _ := netip.ParseAddr(host)
	if !ip.IsValid() || ip.IsUnspecified() || ip.IsLoopback() {
		return nil
	}
	own, err := net.InterfaceAddrs()
	isOwn := func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(net.IP(ip.AsSlice()))
	}
	if err == nil && !slices.ContainsFunc(own, isOwn) {
		return fmt.Errorf("%q is no address of this machine", address)
	}
	return nil
}

// checkFolder returns an error if there can't be a writable folder at path. The folder and its parents need not exist
// yet.
func checkFolder(path string) error {
	for {
		info, err := os.Stat(path)
		switch parent := filepath.Dir(path); {
		case err == nil && !info.IsDir():
			return fmt.Errorf("%q is no folder", path)
		case err == nil:
			return writable(path)
		case !errors.Is(err, os.ErrNotExist) || parent == path:
			return err
		default:
			path = parent
		}
	}
}

// checkParent returns an error if no file can be made at path.
func checkParent(path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%q is no folder", dir)
	}
	return writable(dir)
}

func checkLog(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return checkParent(path)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%q is a folder", path)
	}
	return writable(path)
}
