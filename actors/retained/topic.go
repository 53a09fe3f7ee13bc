package retained

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Record says whose a retained topic is. It is what the ledger keeps, as JSON.
type Record struct {
	Topic  string `json:"topic"`
	Device string `json:"device"`

	View   string           `json:"view,omitempty"`   // the name of a view; "": the topic is that of a status
	About  messages.Address `json:"about,omitzero"`   // of a status
	Sender string           `json:"sender,omitempty"` // of a status that names one

	Entities bool `json:"entities,omitempty"` // a status that the gateway has said for entities of the device

	Home    messages.Address `json:"home,omitzero"`     // the configured address of the device when it said this; zero: unknown
	Cleared bool             `json:"cleared,omitempty"` // the broker is to clear it
}

// ParseRecord reads what a ledger has kept.
func ParseRecord(text []byte) (r Record, err error) {
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, err
	}
	if r.Topic == "" || r.Device == "" {
		return Record{}, errors.New("want a topic and a device")
	}
	return r, nil
}

// text returns what a ledger is to keep.
func (r Record) text() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Errorf("retained: %w", err)) // strings and a bool
	}
	return b
}

// status returns a status that goes to the topic, without what it says.
func (r Record) status() messages.InternalMsg {
	return messages.New(messages.Status, r.About, "").WithSender(r.Sender)
}

// Ledger keeps records until they are released, also when the process has ended. Its methods don't wait for the disk.
type Ledger interface {
	// Keep returns the number of the record, which is higher than those before; 0 if the record can't be kept.
	Keep(record []byte) (number uint64)
	Release(number uint64)
}

// NoLedger keeps nothing.
type NoLedger struct{}

// Keep implements Ledger.
func (NoLedger) Keep([]byte) uint64 { return 0 }

// Release implements Ledger.
func (NoLedger) Release(uint64) {}
