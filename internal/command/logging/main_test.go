package logging

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(serveMail) != "" {
		serveSMTP()
		return
	}
	goleak.VerifyTestMain(m)
}
