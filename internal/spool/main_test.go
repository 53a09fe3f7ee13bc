package spool

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestKill starts the test program as the process to be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		appendUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}
