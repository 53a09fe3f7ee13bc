package integration

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Flags that make tests longer or shorter.
var (
	console       = flag.Duration("integration.console", 4*time.Second, "how long the log has troubles of all kinds")
	endpoints     = flag.Duration("integration.endpoints", 0, "how long 200 web servers are asked every 5 s, and must not be late; 0: 40 every 500 ms, until each has been asked five times")
	equipmentAway = flag.Duration("integration.equipment", 3*time.Second, "how long equipment is away")
	programsTime  = flag.Duration("integration.programs", 2*time.Second, "how long programs are killed at random")
	outage        = flag.Duration("integration.outage", 3*time.Second, "how long the broker is away")
	crowd         = flag.Duration("integration.crowd", 2*time.Second, "how long each of the four runs with a crowd of devices takes")
)

// programs is the folder of the programs under test, gateway and testgateway.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) (status int) {
	var err error
	if programs, err = os.MkdirTemp("", "integration"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	args := []string{"build", "-o", programs}
	if raced() {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "../cmd/gateway", "./testgateway", "./eventreaders")...)
	if said, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs under test: %v\n%s", err, said)
		return 1
	}
	if status = m.Run(); status != 0 {
		return status
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// raced reports whether the tests, and so the programs, were built with the race detector.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
