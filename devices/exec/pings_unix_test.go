//go:build unix

package exec

import (
	"io"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/process"
)

// A program that wants pings has failed when it does not answer one before the next.
func TestPings(t *testing.T) {
	for pong, fails := range map[string]bool{`{"pong":1}`: false, `{"pong":0}`: true} {
		heard := make(chan struct{}, 1)
		d := &device{greeted: make(chan struct{}), hello: hello{Ping: true}}
		close(d.greeted)
		p, err := process.Start(process.Command{Run: []string{"sh", "-c", `read -r ping; [ "$ping" = '{"ping":1}' ] && echo '` + pong + `'; sleep 600`}, Grace: 200 * time.Millisecond},
			process.Lines(longest, func(line []byte, cut bool) { d.heard(line, cut); heard <- struct{}{} }), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		d.program = p
		last, err := d.ping(0)
		if err != nil || last != 1 {
			t.Errorf("the first ping is %d, %v", last, err)
		}
		<-heard
		if _, err = d.ping(last); (err != nil) != fails {
			t.Errorf("after %s the next ping says %v", pong, err)
		}
		p.Stop([]byte("{}"))
	}
}
