package paho

import (
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// noStore keeps nothing. What a lost session leaves unsettled belongs to whoever published it; a store
// would send it again behind his back, and tell him of success before that.
type noStore struct{}

func (noStore) Open()                             {}
func (noStore) Put(string, packets.ControlPacket) {}
func (noStore) Get(string) packets.ControlPacket  { return nil }
func (noStore) All() []string                     { return nil }
func (noStore) Del(string)                        {}
func (noStore) Close()                            {}
func (noStore) Reset()                            {}
