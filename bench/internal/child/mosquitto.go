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

// Mosquitto is a broker of our own.
type Mosquitto struct {
	*Process
	Address string // host:port, on the loopback
}

// StartMosquitto starts a broker that keeps its files in dir and drops nothing; lines are added to its configuration. It
// is otherwise as users have it: 20 unacknowledged messages a client, and Nagle's algorithm on.
func StartMosquitto(ctx context.Context, dir string, lines ...string) (*Mosquitto, error) {
	address, release, err := loopback.Reserve()
	if err != nil {
		return nil, err
	}
	defer release() // the broker listens by then
	_, port, _ := net.SplitHostPort(address)
	lines = append([]string{
		"user root", // started by root, it would else become one who can't read our files
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

// mosquittoPath also looks where Debian keeps it and only root's PATH leads.
func mosquittoPath() string {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return "mosquitto" // to be missed by its name
}

var versionWord = regexp.MustCompile(`version (\S+)`)

// MosquittoVersion returns the version of the broker, "unknown" if it does not tell.
func MosquittoVersion() string {
	said, _ := exec.Command(mosquittoPath(), "-h").CombinedOutput() // its exit status says nothing
	if v := versionWord.FindSubmatch(said); v != nil {
		return string(v[1])
	}
	return "unknown"
}
