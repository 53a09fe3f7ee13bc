package actors

import (
	"errors"
	"sync"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
)

func isDone(r *receipt) bool {
	select {
	case <-r.Done():
		return true
	default:
		return false
	}
}

func TestReceipts(t *testing.T) {
	var rs receipts
	kept, receipt1 := rs.next()
	refused, receipt2 := rs.next()
	_, receipt3 := rs.next()
	if kept == 0 || kept == refused {
		t.Errorf("numbers %d and %d, want different ones from 1", kept, refused)
	}
	if isDone(receipt1) || receipt1.Err() != nil {
		t.Error("done before anything was decided")
	}
	rs.resolve(kept, nil)
	rs.resolve(kept, devices.ErrDropped) // too late
	rs.resolve(refused, devices.ErrDropped)
	rs.resolve(99, nil)
	rs.close()
	rs.resolve(refused, nil)
	late, receipt4 := rs.next()
	rs.close()
	if late != 0 {
		t.Errorf("number %d after the end, want 0", late)
	}
	for _, row := range []struct {
		name string
		r    *receipt
		want error
	}{
		{"kept", receipt1, nil}, {"refused", receipt2, devices.ErrDropped},
		{"open at the end", receipt3, devices.ErrStopped}, {"asked for after the end", receipt4, devices.ErrStopped},
	} {
		if !isDone(row.r) || !errors.Is(row.r.Err(), row.want) || (row.want == nil) != (row.r.Err() == nil) {
			t.Errorf("%s: done %v, error %v, want %v", row.name, isDone(row.r), row.r.Err(), row.want)
		}
	}
	if len(rs.open) != 0 {
		t.Errorf("%d receipts are still kept", len(rs.open))
	}
}

// Whoever is first to resolve a receipt does it, and each is done in the end.
func TestReceiptsAtOnce(t *testing.T) {
	var rs receipts
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				number, r := rs.next()
				var both sync.WaitGroup
				both.Go(func() { rs.resolve(number, nil) })
				both.Go(func() { rs.resolve(number, devices.ErrLost) })
				<-r.Done()
				_ = r.Err()
				both.Wait()
			}
		})
	}
	all.Go(rs.close)
	all.Wait()
}
