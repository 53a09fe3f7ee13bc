package child

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// BuildGateway builds the gateway into dir and returns the program's path.
func BuildGateway(dir string) (string, error) {
	path := filepath.Join(dir, "gateway")
	build := exec.Command("go", "build", "-o", path, "github.com/mqttgateway/mqttgateway/cmd/gateway")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the gateway: %w\n%s", err, said)
	}
	return path, nil
}
