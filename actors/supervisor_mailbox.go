package actors

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/messages"
)

var errSupervisorFull = errors.New("supervisor's mailbox full")

// newSupervisorMailbox returns the mailbox of the supervisor, which bounds the reports of devices.
func newSupervisorMailbox(supervisor address) *mailbox.Mailbox {
	reports := newTally(supervisor, supervisorName, "reports")
	return mailbox.New(&mailbox.Bound[messages.Report]{Most: maxReports, Full: errSupervisorFull}, func(msg any, err error) {
		reports.note(fmt.Errorf("device %q: %w", msg.(messages.Report).Device, err))
	})
}
