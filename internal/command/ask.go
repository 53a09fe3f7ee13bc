package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/views/api"
)

// asker asks the API of the gateway that listens on a health socket.
type asker struct {
	socket string
	client http.Client
}

func newAsker(socket string) *asker {
	return &asker{socket: socket, client: http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}
}

// get opens an answer, which the caller must close.
func (a *asker) get(ctx context.Context, path string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gateway"+api.Prefix+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := a.client.Do(r)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("no gateway answers on %q: %w", a.socket, unwrapped(err))
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	var p web.Problem
	if json.NewDecoder(io.LimitReader(res.Body, maxProblem)).Decode(&p) != nil || p.Detail == "" {
		p.Detail = res.Status
	}
	return nil, &refusal{res.StatusCode, p.Detail}
}

// refusal is the error of a gateway that answers, and refuses what it is asked.
type refusal struct {
	status int
	detail string
}

func (r *refusal) Error() string { return r.detail }

// maxProblem is how much of a problem is read, in bytes.
const maxProblem = 64 << 10

// unwrapped returns the cause of an error of package http, without the URL, which is made up.
func unwrapped(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// ask reads an answer into a value.
func (a *asker) ask(ctx context.Context, path string, into any) error {
	body, err := a.get(ctx, path)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(into)
}
