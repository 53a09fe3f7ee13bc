package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// frame is stream.Frame without its Validate: only what is replayed has frames.
type frame stream.Frame

// stream returns the params of the stream whose recording is replayed.
func (p *Params) stream() stream.Params {
	s := stream.Params{Decode: p.Decode, Equipment: stream.Equipment{Then: p.Then}}
	for i := range p.Points {
		s.Points = append(s.Points, p.Points[i].Point)
	}
	return s
}

// framing returns how the frames of the recording are told apart: without a frame each read is one, as a datagram is.
func (p *Params) framing() stream.Framing {
	if p.Frame == (frame{}) {
		return stream.Datagrams()
	}
	return stream.Frame(p.Frame).Framing()
}

// checkReplay finds what is wrong with params that have a replay.
func (p *Params) checkReplay() error {
	faults := []error{p.stream().Validate()}
	if p.Frame != (frame{}) {
		if err := stream.Frame(p.Frame).Validate(); err != nil {
			faults = append(faults, &options.Fault{Key: "frame", Err: err})
		}
	}
	for i := range p.Points {
		if p.Points[i].plays() {
			faults = append(faults, &options.Fault{Key: fmt.Sprintf("points[%d]", i), Err: errors.New("the recording has its values: want match or value, and no wave, walk, steps and write")})
		}
	}
	if p.Fail.Every > 0 {
		faults = append(faults, &options.Fault{Key: "fail", Err: errors.New("what is replayed does not fail, want none")})
	}
	return errors.Join(faults...)
}

// describeReplay tells what the equipment is whose recording is replayed.
func (p *Params) describeReplay() (entity.Device, error) {
	d, err := p.stream().Describe()
	d.Model = "Recording"
	return d, err
}

// Warnings tells of a recording that can't be read. It is read whenever the device is opened.
func (p Params) Warnings() []string {
	if p.Replay == "" {
		return nil
	}
	if _, err := readRecording(p.Replay); err != nil {
		return []string{"replay: " + err.Error()}
	}
	return p.stream().Warnings()
}

func readRecording(path string) ([]recording.Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, err := recording.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range entries {
		if e.In != nil {
			return entries, nil
		}
	}
	return nil, fmt.Errorf("%s: nothing has come in, want a recording of what equipment says", path)
}

// openReplay opens a device that hears a recording again and again.
func openReplay(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	entries, err := readRecording(p.Replay)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return stream.Open(ctx, env, p.stream(), p.framing(), play(entries, p.Speed))
}

// replayed is the end of a connection at which a recording is heard. What is sent goes nowhere.
type replayed struct {
	net.Conn
	playing sync.WaitGroup
}

// play plays a recording, from the beginning again a second after its end.
func play(entries []recording.Entry, speed float64) *replayed {
	here, there := net.Pipe()
	r := &replayed{Conn: here}
	over := make(chan struct{})
	r.playing.Go(func() { // ends when here is closed
		_, _ = io.Copy(io.Discard, there)
		close(over)
	})
	r.playing.Go(func() {
		defer there.Close()
		for say(there, entries, speed, over) {
		}
	})
	return r
}

// say says once all that a recording has, and returns false if over is closed before its end.
func say(to io.Writer, entries []recording.Entry, speed float64, over <-chan struct{}) bool {
	begun := time.Now()
	until := func(after time.Duration) bool {
		timer := time.NewTimer(time.Until(begun.Add(time.Duration(float64(after) / speed))))
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-over:
			return false
		}
	}
	var last time.Duration
	for _, e := range entries {
		if e.Opens { // the times of another connection
			begun = time.Now()
		}
		last = e.After
		if e.In == nil {
			continue
		}
		if !until(e.After) {
			return false
		}
		if _, err := to.Write(e.In); err != nil {
			return false
		}
	}
	return until(last + time.Second)
}

// Close ends the playing as well.
func (r *replayed) Close() error {
	err := r.Conn.Close()
	r.playing.Wait()
	return err
}
