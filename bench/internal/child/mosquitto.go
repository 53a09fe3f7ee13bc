package child

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/loopback"
)

// Mosquitto is a broker for the measurements only.
type Mosquitto struct {
	*Process
	Address string // host:port on the loopback
}

// StartMosquitto starts a broker that keeps its files in dir and drops no messages. lines are added to its
// configuration. Everything else is as users have it: 20 unacknowledged messages for each client, and Nagle's
// algorithm.
func StartMosquitto(ctx context.Context, dir string, lines ...string) (*Mosquitto, error) {
	address, release, err := loopback.Reserve()
	if err != nil {
		return nil, err
	}
	defer release() // the broker has taken the address by then
	_, port, _ := net.SplitHostPort(address)
	lines = append([]string{
		"user root", // started by root, mosquitto would switch to a user who can't read our files
		"log_dest stderr",
		"listener " + port + " 127.0.0.1",
		"allow_anonymous true",
		"max_queued_messages 0",
	}, lines...)
	path := filepath.Join(dir, "mosquitto-"+port+".conf")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	p, err := Start(dir, mosquittoPath(), "-c", path)
	if err != nil {
		return nil, fmt.Errorf("the broker between driver and gateway: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, _, err := p.Await(ctx, " running"); err != nil {
		p.Kill()
		return nil, err
	}
	return &Mosquitto{p, address}, nil
}

// mosquittoPath finds mosquitto in PATH, or where Debian installs it, which is in root's PATH only.
func mosquittoPath() string {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return "mosquitto" // starting it fails with this name in the error
}

var versionWord = regexp.MustCompile(`version (\S+)`)

// MosquittoVersion returns the version of the broker, or "unknown".
func MosquittoVersion() string {
	said, _ := exec.Command(mosquittoPath(), "-h").CombinedOutput() // the exit status means nothing
	if v := versionWord.FindSubmatch(said); v != nil {
		return string(v[1])
	}
	return "unknown"
}
