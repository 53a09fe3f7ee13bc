package paho

import (
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// noStore is a store that keeps nothing. The messages that a lost session leaves without an outcome are the caller's
// business; a store would send them again without the caller's knowledge, and report success too early.
type noStore struct{}

func (noStore) Open()                             {}
func (noStore) Put(string, packets.ControlPacket) {}
func (noStore) Get(string) packets.ControlPacket  { return nil }
func (noStore) All() []string                     { return nil }
func (noStore) Del(string)                        {}
func (noStore) Close()                            {}
func (noStore) Reset()                            {}
