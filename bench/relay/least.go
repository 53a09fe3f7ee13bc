package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// least is about the least that a relay can do, run as a process of its own: one thread that reads what there is, and
// writes all the statuses for it at once. It knows no map and no devices, no keep-alive and no second try: what remains
// is what broker and kernel cost on this machine.
func least(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("least %q: want ADDRESS ROOT QOS", args)
	}
	address, root := args[0], args[1]
	level, err := strconv.ParseUint(args[2], 10, 8)
	if err != nil {
		return fmt.Errorf("QoS: %w", err)
	}
	s, err := dial(address)
	if err != nil {
		return err
	}
	if err := s.begin("least-"+root, commands(root), byte(level)); err != nil {
		return err
	}
	fmt.Println("subscribed")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()
	return relayAll(blunt(s))
}

// relayAll returns when the connection ends.
func relayAll(s io.ReadWriter) error {
	in, filled := make([]byte, 1<<16), 0
	var out []byte
	var latest uint16
	for {
		n, err := s.Read(in[filled:])
		if errors.Is(err, errSilent) {
			continue
		}
		if err != nil {
			return err
		}
		rest := in[:filled+n]
		for f, after, whole := cut(rest); whole; f, after, whole = cut(rest) {
			rest = after
			if f.kind() != typePublish {
				continue
			}
			payload, identifier, err := f.message()
			if err != nil {
				return err
			}
			qos := f.head >> 1 & 3
			if qos > 0 {
				out = append(out, typePuback<<4, 2, byte(identifier>>8), byte(identifier))
			}
			to := strings.TrimSuffix(string(f.body[2:2+binary.BigEndian.Uint16(f.body)]), driver+"/C") + relay + "/S"
			packet, at := publication(to, string(payload), qos)
			if qos > 0 {
				latest = max(latest+1, 1)
				binary.BigEndian.PutUint16(packet[at:], latest)
			}
			out = append(out, packet...)
		}
		filled = copy(in, rest)
		if _, err := s.Write(out); err != nil {
			return err
		}
		out = out[:0]
	}
}
