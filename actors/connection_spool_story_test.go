package actors_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// spooled has the gateway keep its outbox in a folder.
func spooled(dir string) func(*actors.Options) {
	return func(o *actors.Options) { o.Spool = actors.Spool{Dir: dir} }
}

// What a receipt calls kept outlives the process, and leaves in order with the next; what has left does not come again.
func TestSpoolOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	emit := func(b *bench, from, to int) (receipts []devices.Receipt) {
		for i := from; i < to; i++ {
			receipts = append(receipts, speaker.emit(messages.New(messages.Status, messages.Address{}, fmt.Sprint(i))))
		}
		return receipts
	}
	own := func(b *bench) []string { // without the last words of the lamp
		return slices.DeleteFunc(b.broker.published(), func(m string) bool { return strings.HasSuffix(m, "CLOSED") })
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), spooled(dir))
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(errRefused)
		synctest.Wait()
		for i, r := range emit(b, 0, 3) {
			<-r.Done()
			if err := r.Err(); err != nil {
				t.Errorf("emission %d while the link is down: %v, want it kept", i, err)
			}
		}
		b.end()
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), spooled(dir))
		emit(b, 3, 5)
		time.Sleep(time.Second)
		b.end()
		want := []string{"home/////gw/S 0", "home/////gw/S 1", "home/////gw/S 2", "home/////gw/S 3", "home/////gw/S 4"}
		if got := own(b); !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), spooled(dir))
		time.Sleep(time.Second)
		b.end()
		if got := own(b); len(got) != 0 {
			t.Errorf("published again: %q", got)
		}
	})
}

// With a spool nothing that was kept makes room for something newer.
func TestFullSpoolRefusesTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"), spooled(t.TempDir()), func(o *actors.Options) { o.Outbox.Messages = 2 })
		defer b.end()
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(errRefused)
		synctest.Wait()
		for i, want := range []bool{true, true, false} {
			r := speaker.emit(messages.New(messages.Status, messages.Address{}, fmt.Sprint(i)))
			<-r.Done()
			if kept := r.Err() == nil; kept != want {
				t.Errorf("emission %d: %v, want kept %t", i, r.Err(), want)
			}
		}
	})
}

func TestSpoolInUseIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := start(t, lamps("a"), spooled(dir))
		defer b.end()
		o := b.options(lamps("a"))
		spooled(dir)(&o)
		if _, err := actors.New(o); err == nil || !strings.Contains(err.Error(), "in use by another gateway") {
			t.Errorf("error %v, want it to say that the spool is in use", err)
		}
	})
}

// The spool's folder is deleted while the gateway runs: what was to be kept goes out all the same, is not called kept
// before the broker has it, and the log says what to do.
func TestSpoolGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := start(t, lamps("a"), spooled(dir))
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(errRefused)
		synctest.Wait()
		emit := func(action string) devices.Receipt {
			return speaker.emit(messages.New(messages.Status, messages.Address{}, action))
		}
		<-emit("1").Done()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		b.log.take()
		open := []devices.Receipt{emit("2")}
		time.Sleep(time.Second)
		open = append(open, emit("3"))
		time.Sleep(time.Second)
		for i, r := range open {
			select {
			case <-r.Done():
				t.Errorf("emission %d is settled with %v, though neither the disk nor the broker has it", i+2, r.Err())
			default:
			}
		}
		said := b.log.take()
		gone := slices.DeleteFunc(slices.Clone(said), func(line string) bool { return !strings.Contains(line, "spool") })
		if len(gone) != 1 || !strings.HasPrefix(gone[0], "ERROR not on disk, goes on without the spool who=spool err=spool is gone: ") ||
			!strings.HasSuffix(gone[0], "start this gateway again") {
			t.Errorf("the log says %q, want one line about the spool", said)
		}
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(2 * time.Minute)
		for i, r := range open {
			select {
			case <-r.Done():
				if r.Err() != nil {
					t.Errorf("emission %d: %v", i+2, r.Err())
				}
			default:
				t.Errorf("emission %d is not settled, though the broker has it", i+2)
			}
		}
		b.end()
		if got := b.broker.published()[:3]; !slices.Equal(got, []string{"home/////gw/S 1", "home/////gw/S 2", "home/////gw/S 3"}) {
			t.Errorf("published %q", got)
		}
	})
}
