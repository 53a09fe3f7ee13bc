package actors

import (
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// isGoing reports whether the device is not wanted any more.
func (d *device) isGoing() (going bool) {
	d.box.Locked(func() { going = d.going })
	return going
}

// idle reports whether nothing waits in the mailbox.
func (d *device) idle() bool { return d.box.UserMessageCount() == 0 }

// hurry cancels the opening of a device that is to go, if no message waits for it.
func (d *device) hurry() {
	d.box.Locked(func() {
		if c := d.busy; c != nil && c.doing == messages.Opening && c.cancel != nil && d.waiting == 0 {
			c.cancel()
		}
	})
}

// patience returns for how much longer a device that is to go may be busy before it is given up.
func (d *device) patience() (left time.Duration) {
	d.box.Locked(func() {
		left = giveUpAfter
		if c := d.busy; c != nil {
			left += c.limit - time.Since(c.began)
		}
	})
	return left
}

// abandon gives the device up, and returns in which call it is. What waits in the mailbox is refused, and nothing that the
// device says or emits goes anywhere any more.
func (d *device) abandon() error {
	var why *reason
	d.box.Locked(func() {
		d.abandoned.Store(true)
		d.admits = refuseStuck
		why = &reason{doing: messages.Closing, err: errStuck}
		if c := d.busy; c != nil {
			why = c.reason(errOverdue{time.Since(c.began)})
		}
	})
	d.box.Shed(isHandle, errStuck)
	d.stopTallies()
	return why
}
