package actors

import (
	"time"

	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Spool says where the outbox is kept on disk.
type Spool struct {
	Dir   string        // empty: the outbox is lost with the process
	Batch time.Duration // that the first publication waits for others to share an fsync; 0: 5 ms
}

// openSpool opens the spool, if there is to be one. At QoS 0 nothing is kept.
func (s *system) openSpool() (err error) {
	if s.Spool.Dir == "" || s.QoS == 0 {
		return nil
	}
	s.spool, s.recovered, err = spool.Open(spool.Options{
		Dir:      s.Spool.Dir,
		Batch:    s.Spool.Batch,
		MaxBytes: 4 * int64(s.Outbox.Bytes), // so that the outbox is full first
		Durable:  func(upTo uint64, err error) { s.connection.send(written{upTo, err}) },
		Trouble:  func(err error) { s.supervisor.send(messages.Unspooled{Count: 1, Releases: true, Err: err}) },
	})
	return err
}

// newUnkept returns the tally of the records that are not kept.
func (s *system) newUnkept() *tally {
	return &tally{who: "spool", report: func(r messages.Refusals) { s.supervisor.send(messages.Unspooled{Count: r.Count, Err: r.Err}) }}
}

// closeSpool gives the directory back.
func (s *system) closeSpool() {
	if s.spool == nil {
		return
	}
	if err := s.spool.Close(); err != nil {
		s.Log.Warn("spool not closed in good order", "err", err)
	}
}
