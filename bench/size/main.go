package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

// run starts the children on this goroutine and its thread, with which they die.
func run() error {
	runtime.LockOSThread()
	rounds := flag.Int("rounds", 5, "how often each is started")
	many := flag.Int("devices", 100_000, "how many are many")
	rest := flag.Duration("rest", 20*time.Second, "how long the one with one device is watched at rest, in all rounds together")
	program := flag.String("gateway", "", "`path` of the gateway's program; empty: it is built")
	flag.Parse()
	if *rounds < 1 || *many < 1 {
		return errors.New("nothing to do")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "size")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if *program == "" {
		if *program, err = child.BuildGateway(dir); err != nil {
			return err
		}
	}
	broker, err := child.StartMosquitto(ctx, dir)
	if err != nil {
		return err
	}
	defer broker.Kill()

	var one, crowd []life
	for range *rounds {
		for _, of := range []struct {
			lives   *[]life
			devices int
			rest    time.Duration
		}{{&one, 1, *rest / time.Duration(*rounds)}, {&crowd, *many, 0}} {
			l, err := live(ctx, dir, *program, broker.Address, of.devices, of.rest)
			if err != nil {
				return err
			}
			*of.lives = append(*of.lives, l)
			fmt.Fprintf(os.Stderr, "%d devices: %+v\n", of.devices, l)
		}
	}
	return write(os.Stdout, one, crowd, *many, *rest)
}
