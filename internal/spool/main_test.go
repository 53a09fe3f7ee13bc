package spool

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test program is also the process that a test kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		appendUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}
