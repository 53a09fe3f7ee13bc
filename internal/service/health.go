package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
)

// Health is what the gateway says to someone who asks how it is. On the wire it is one line of JSON:
//
//	{"ok":true,"status":"link connected, devices: 3 online, 1 down","link":"connected","devices":{"online":3,"opening":0,"down":1}}
type Health struct {
	OK     bool   `json:"ok"`     // its actors answer, whatever the link and the devices do
	Status string `json:"status"` // one line for people: the State, or what is wrong
	State
}

// maxHealth is the longest answer that Ask reads, in bytes.
const maxHealth = 64 << 10

// Ask asks the gateway that listens on the socket at path. The error is not nil if there is none, or if it has not
// answered when ctx is done.
func Ask(ctx context.Context, path string) (Health, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return Health{}, fmt.Errorf("no gateway listens: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	var h Health
	err = json.NewDecoder(io.LimitReader(conn, maxHealth)).Decode(&h)
	switch {
	case err == nil:
		return h, nil
	case ctx.Err() != nil:
		return Health{}, fmt.Errorf("no answer on %q: %w", path, context.Cause(ctx))
	}
	return Health{}, fmt.Errorf("no answer of a gateway on %q: %w", path, err)
}
