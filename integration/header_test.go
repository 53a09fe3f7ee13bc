package integration

import (
	"io"
	"net"
	"testing"
	"time"
)

// TestHugePacket has a broker announce a packet of 256 MB in 5 bytes, and then send and send. The gateway must neither
// make room for it nor read it.
func TestHugePacket(t *testing.T) {
	t.Parallel()
	const most = 60e6 // twice what a gateway takes that does nothing
	sent := make(chan int64, 100)
	liar := listen(t, freeAddress(t), func(conn net.Conn) {
		if welcome(conn) == nil {
			_, _ = conn.Write([]byte{0x30, 0xff, 0xff, 0xff, 0x7f})
			n, _ := io.Copy(conn, io.LimitReader(zeros{}, 256<<20))
			sent <- n
		}
	})
	dir := t.TempDir()
	config := write(t, dir, "testgateway.yaml", "mqtt: {reconnect: {min: 1m, max: 1m}}\nmapping: {root: home, topics: [\"home/#\"]}\n"+
		"devices:\n  - {name: p, type: puppet}\n")
	gateway := start(t, dir, plain(t), "run", "--config", config, "--mqtt.broker=tcp://"+liar.address)
	const lost = `level=WARN … packet of 268435460 bytes is larger than the limit of` // or not even connected
	gateway.says(lost)
	select {
	case n := <-sent:
		if n > 64<<20 { // more than sockets may hold
			t.Errorf("the gateway took %d bytes of it", n)
		}
	case <-time.After(patience):
		t.Error("the connection is still open")
	}
	t.Logf("%d MB at most", gateway.staysSmall(most)/1e6)
	gateway.stop()
	gateway.saysOnly(lost)
}

// welcome answers a CONNECT and a SUBSCRIBE, each of which comes in one piece.
func welcome(conn net.Conn) error {
	packet := make([]byte, 1024)
	if _, err := conn.Read(packet); err != nil {
		return err
	}
	if _, err := conn.Write([]byte{0x20, 2, 0, 0}); err != nil {
		return err
	}
	if _, err := conn.Read(packet); err != nil {
		return err
	}
	identifier := packet[2:4] // behind type and length, which is a byte
	_, err := conn.Write([]byte{0x90, 3, identifier[0], identifier[1], 0})
	return err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
