package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// mostMemory is how many bytes a gateway may have in RAM at most.
const mostMemory = 150e6

var buildPlain = sync.OnceValues(func() (said []byte, err error) {
	return exec.Command("go", "build", "-o", filepath.Join(programs, "plain")+"/", "./testgateway").CombinedOutput()
})

// plain returns the name of a testgateway without the race detector, which takes several times the memory and the time.
func plain(t testing.TB) string {
	t.Helper()
	if said, err := buildPlain(); err != nil {
		t.Fatalf("building the gateway: %v\n%s", err, said)
	}
	return filepath.Join("plain", "testgateway")
}

var (
	highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
	inRAM     = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
)

// peak returns the largest size of the running program in RAM so far, in bytes, or 0 on systems other than Linux.
func (p *program) peak() int {
	p.t.Helper()
	return p.memory(highWater)
}

// resident returns the present size of the running program in RAM, likewise.
func (p *program) resident() int {
	p.t.Helper()
	return p.memory(inRAM)
}

func (p *program) memory(what *regexp.Regexp) int {
	p.t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	found := what.FindSubmatch(status)
	if found == nil {
		p.t.Fatalf("no line %v in %s", what, status)
	}
	kB, _ := strconv.Atoi(string(found[1])) // only digits match
	return kB << 10
}

// staysSmall fails the test if the program has had more than most bytes in RAM, and returns the largest size.
func (p *program) staysSmall(most int) (peak int) {
	p.t.Helper()
	if peak = p.peak(); peak > most {
		p.t.Errorf("the program had up to %d MB in RAM, want %d MB at most", peak/1e6, most/1e6)
	}
	return peak
}
