package broker

import (
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// anybody may connect, and publish and read everything; without a hook that says so nobody may.
type anybody struct{ mochi.HookBase }

func (*anybody) ID() string { return "anybody" }

func (*anybody) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (*anybody) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }
func (*anybody) OnACLCheck(*mochi.Client, string, bool) bool              { return true }
