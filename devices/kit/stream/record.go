package stream

import (
	"errors"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
)

// recorded is a Conn of which is written down what it carries. A recording that can't go on is reported, and the Conn goes on.
type recorded struct {
	Conn
	env  devices.Env
	into *recording.Recorder
}

// record returns conn with a recording in a file.
func record(env devices.Env, conn Conn, path string) (Conn, error) {
	into, err := recording.Open(path)
	if err != nil {
		return nil, err
	}
	return &recorded{conn, env, into}, nil
}

func (r *recorded) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if n > 0 {
		r.report(r.into.In(b[:n]))
	}
	return n, err
}

func (r *recorded) Write(b []byte) (int, error) {
	n, err := r.Conn.Write(b)
	if n > 0 {
		r.report(r.into.Out(b[:n]))
	}
	return n, err
}

func (r *recorded) report(err error) {
	if err != nil {
		r.env.Report(err)
	}
}

func (r *recorded) Close() error { return errors.Join(r.Conn.Close(), r.into.Close()) }
