package actors

import (
	"fmt"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/recorder"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// What a device does, and what happens to it, goes into its flight recorder: on whatever goroutine it happens, since each entry is
// a copy of a few words. A device has a recorder from the first time on that there is anything worth keeping: that it has been opened
// for the first time is not.

// ownRecorder returns the recorder of the device.
func (d *device) ownRecorder() *recorder.Recorder {
	if r := d.recorder.Load(); r != nil {
		return r
	}
	d.recorder.CompareAndSwap(nil, new(recorder.Recorder))
	return d.recorder.Load()
}

// recorded returns what the recorder has, the oldest first, without the secrets of addresses, as the log has messages.
func (d *device) recorded() []recorder.Entry {
	r := d.recorder.Load()
	if r == nil {
		return nil
	}
	all := r.Entries()
	for i := range all {
		all[i].Text = options.Redact(all[i].Text)
	}
	return all
}

// recordIn keeps a message that the device is given.
func (d *device) recordIn(h messages.Handle) {
	before := ""
	if h.Entity != "" {
		before = "set/" + h.Entity + ": "
	}
	d.ownRecorder().Message(time.Now(), recorder.In, before, h.Msg)
}

// recordOut keeps a message that the device emits.
func (d *device) recordOut(msg messages.InternalMsg) {
	d.ownRecorder().Message(time.Now(), recorder.Out, "", msg)
}

// recordAnswer keeps how the device has handled a message. For a status that the device has heard there is no answer to keep.
func (d *device) recordAnswer(h messages.Handle, o messages.Outcome, reason string) {
	switch {
	case o == messages.NotMine:
		d.ownRecorder().Text(time.Now(), recorder.Answer, h.Msg.Action(), ": not for this device")
	case reason != "":
		d.ownRecorder().Text(time.Now(), recorder.Answer, h.Msg.Action(), ": ", o.String(), ": ", reason)
	case h.Msg.Type() == messages.Command:
		d.ownRecorder().Text(time.Now(), recorder.Answer, h.Msg.Action(), ": ", o.String())
	}
}

// recordRefusal keeps that a message was refused in the device's stead.
func (d *device) recordRefusal(h messages.Handle, o messages.Outcome, why error) {
	d.ownRecorder().Refused(time.Now(), h.Msg, o.String(), ": ", why.Error())
}

// recordNews keeps what the device tells the supervisor of itself.
func (d *device) recordNews(msg any) {
	var parts []string
	what := recorder.State
	switch m := msg.(type) {
	case messages.DeviceChanged:
		if m.State == messages.Online && d.recorder.Load() == nil {
			return
		}
		parts = append(parts, m.State.String())
		if m.Err != nil {
			parts = append(parts, ": ", m.Err.Error())
		}
	case messages.Failure:
		parts = append(parts, messages.Offline.String(), ": ", m.Err.Error())
		if m.Final {
			parts[0] = messages.Misconfigured.String()
		}
	case messages.Report:
		what, parts = recorder.Error, append(parts, options.Redact(m.Err.Error()))
	default:
		return
	}
	d.ownRecorder().Text(time.Now(), what, parts...)
}

// unsaid implements inbox.
func (d *device) unsaid(why error) {
	d.ownRecorder().Text(time.Now(), recorder.Error, "not sent: ", why.Error())
}

// recordedText returns what the recorder has on one line, for the log.
func (d *device) recordedText() string {
	var lines []string
	for _, e := range d.recorded() {
		lines = append(lines, fmt.Sprintf("%s %v %s", e.At.Format("15:04:05.000"), e.What, e.Text))
	}
	return strings.Join(lines, " | ")
}
