package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

// life is the result of one run of the gateway.
type life struct {
	start, stop time.Duration // until all is ready; from being told to
	devices     time.Duration // the part of start that comes after reading the configuration
	memory      child.Memory  // at rest
	cpu         time.Duration // at rest
}

// restWait is how long a gateway that has told the broker the states of its devices has to come to rest before it is measured: it
// gives memory back.
const restWait = 5 * time.Second

// patience is how long a start may take.
const patience = 5 * time.Minute

// live runs a gateway with a number of devices until they are ready and then for rest, and stops it.
func live(ctx context.Context, dir, program, broker string, devices int, rest time.Duration) (l life, err error) {
	path := filepath.Join(dir, "size.yaml")
	if err := os.WriteFile(path, []byte(config(broker, devices)), 0o600); err != nil {
		return l, err
	}
	p, err := child.Start(dir, program, "run", "--config", path)
	if err != nil {
		return l, err
	}
	defer p.Kill()
	ready, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, read, err := p.Await(ready, "msg=starting ")
	if err != nil {
		return l, err
	}
	// The gateway subscribes last: when it has subscribed, everything is ready.
	if _, _, err = p.Await(ready, fmt.Sprintf(`msg="devices ready" online=%d down=0 opening=0`, devices)); err != nil {
		return l, err
	}
	_, at, err := p.Await(ready, "msg=subscribed")
	if err != nil {
		return l, err
	}
	l.start, l.devices = at.Sub(p.Began), at.Sub(read)
	if err := child.AwaitOnline(ready, broker, lastState(devices)); err != nil {
		return l, err
	}
	if err := wait(ctx, restWait); err != nil {
		return l, err
	}
	if rest > 0 {
		if l.cpu, err = watch(ctx, p, rest); err != nil {
			return l, err
		}
	}
	if l.memory, err = p.Memory(); err != nil {
		return l, err
	}
	l.stop, err = p.Stop()
	return l, err
}

// watch returns the processor time that p uses while it rests.
func watch(ctx context.Context, p *child.Process, rest time.Duration) (time.Duration, error) {
	before, err := p.CPU()
	if err != nil {
		return 0, err
	}
	if err := wait(ctx, rest); err != nil {
		return 0, err
	}
	after, err := p.CPU()
	return after - before, err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// lastState returns the topic of the state that a gateway tells last.
func lastState(devices int) string {
	return fmt.Sprintf("home%[1]d/$gateway/size%[1]d/lamp%[2]d/state", devices, devices-1)
}

// config returns a configuration whose name and root differ for each number of devices, so that no gateway receives, or
// has to clear, what another one has left at the broker.
func config(broker string, devices int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gateway: {name: size%[1]d, start_wait: 1m}\nmqtt: {broker: \"tcp://%[2]s\"}\nmapping: {root: home%[1]d, topics: [\"home%[1]d/#\"]}\ndevices:\n", devices, broker)
	for i := range devices {
		fmt.Fprintf(&b, "  - {name: lamp%[1]d, type: dummy, answers_to: {device: [lamp%[1]d]}, params: {port: none, interval: 0s}}\n", i)
	}
	return b.String()
}
