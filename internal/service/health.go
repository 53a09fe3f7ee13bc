package service

import (
	"context"
	"fmt"
)

// Health is the gateway's answer to a client of the health socket. On the wire a Health is one line of JSON:
//
//	{"ok":true,"status":"link connected, devices: 3 online, 1 down","link":"connected","devices":{"online":3,"opening":0,"down":1}}
type Health struct {
	OK     bool   `json:"ok"`     // the gateway's actors answer, whatever the link and the devices do
	Status string `json:"status"` // one line for people: the State, or what is wrong
	State
}

// maxHealth is the longest answer that Ask reads, in bytes.
const maxHealth = 64 << 10

// Ask asks the gateway that listens on the socket at path for its health. The error is not nil if no gateway listens
// there, or if the gateway has not answered when ctx is done.
func Ask(ctx context.Context, path string) (Health, error) {
	conn, answers, err := dial(ctx, path, maxHealth)
	if err != nil {
		return Health{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	_, _ = fmt.Fprintln(conn, health) // so that the gateway need not wait; an error shows in reading
	var h Health
	if err := unanswered(ctx, path, answers.Decode(&h)); err != nil {
		return Health{}, err
	}
	return h, nil
}
