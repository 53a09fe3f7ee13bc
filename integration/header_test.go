package integration

import (
	"io"
	"net"
	"testing"
)

// TestHugePacket makes a broker send the largest message that MQTT allows. The gateway must not allocate memory for it,
// and must receive the next packet.
func TestHugePacket(t *testing.T) {
	t.Parallel()
	const most = 60e6 // twice the memory of an idle gateway
	liar := listen(t, freeAddress(t), func(conn net.Conn) {
		if welcome(conn) == nil {
			_, _ = conn.Write([]byte{0x30, 0xff, 0xff, 0xff, 0x7f, 0, 4, 'h', 'u', 'g', 'e'})
			_, _ = io.Copy(conn, io.LimitReader(zeros{}, 256<<20-1-6))
			_, _ = conn.Write([]byte{0xf0, 0}) // not an MQTT packet
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	dir := t.TempDir()
	config := write(t, dir, "testgateway.yaml", "mqtt: {availability: false, reconnect: {min: 1m, max: 1m}}\nmapping: {root: home, topics: [\"home/#\"]}\n"+
		"devices:\n  - {name: p, type: puppet}\n")
	gateway := start(t, dir, plain(t), "run", "--config", config, "--mqtt.broker=tcp://"+liar.address)
	const told = `level=WARN msg="messages refused" … topic "huge": 268435460 bytes`
	gateway.says(told)
	const lost = `level=WARN msg="link lost" … packet of type 15`
	gateway.says(lost)
	t.Logf("%d MB at most", gateway.staysSmall(most)/1e6)
	gateway.stop()
	gateway.saysOnly(told, lost)
}

// welcome answers a CONNECT and a SUBSCRIBE, each of which comes in one read.
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
	identifier := packet[2:4] // behind the type and a length of one byte
	_, err := conn.Write([]byte{0x90, 3, identifier[0], identifier[1], 0})
	return err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
