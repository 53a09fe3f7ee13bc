package devicetest

import (
	"context"
	"errors"
	"time"
)

// haveCompany opens another device of the type, and closes it again, while the device works.
func (r *trial) haveCompany() {
	r.t.Helper()
	if r.beside == nil {
		return
	}
	d := r.opened("before another one")
	if d == nil {
		return
	}
	r.company = true
	defer func() { r.company = false }()
	other := r.openedWith(r.beside, "as another one")
	if other != nil && (!r.work(d) || !r.work(other) || !r.close(other) || !r.work(d)) {
		r.shut(other)
		r.shut(d)
		return
	}
	r.close(d)
}

// beMute opens the device with equipment that doesn't answer.
func (r *trial) beMute() {
	r.t.Helper()
	if r.mute == nil {
		return
	}
	const patient = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	switch d, err := r.open(ctx, r.mute, patient+grace); {
	case errors.Is(err, errGoesOn):
		r.fault(OpensInTime, "with equipment that doesn't answer the opener goes on %v after its context has ended", grace)
	case err == nil:
		r.fault(OpensByAnswer, "with equipment that doesn't answer it has opened")
		r.shut(d)
	}
}

// breakDown breaks the equipment of a device that works.
func (r *trial) breakDown() {
	r.t.Helper()
	if r.breakIt == nil {
		return
	}
	d := r.opened("after it had been closed")
	if d == nil {
		return
	}
	if !r.work(d) {
		r.shut(d)
		return
	}
	for _, name := range d.Names() { // what the device has added may fail with it
		if added, err := d.Added(name); err == nil {
			added.forgive()
		}
	}
	r.breakIt()
	if d.ended != nil {
		_ = d.Failure(patience)
	}
	for _, p := range r.probes(d) {
		if d.Failure(0) != nil {
			break
		}
		ctx, cancel := context.WithTimeout(d.life, patience)
		err := r.call(patience+grace, func() error { return p.do(d, ctx) }, d.giveUp)
		cancel()
		if errors.Is(err, errGoesOn) {
			r.fault(ReturnsInTime, "%s: with broken equipment it goes on %v after its context has ended", p.name(), grace)
			return
		}
		if isFailure(err) {
			d.fail(err)
		}
	}
	if d.Failure(0) == nil {
		r.fault(Fails, "its equipment breaks, and it goes on")
	}
	if !r.shut(d) {
		return
	}
	if d = r.opened("after its equipment had broken"); d != nil && r.work(d) {
		r.close(d)
	}
}
