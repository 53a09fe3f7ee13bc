package command

import (
	"context"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/service"
)

// serve runs the gateway, and the service around it, until ctx is done. If socket is "", there is no health socket.
func serve(ctx context.Context, g *actors.Gateway, r *reloader, socket string) error {
	s, err := service.Start(ctx, service.Options{
		Alive: g.Alive,
		State: func() service.State { return serviceState(g.State()) },
		Watch: func(ctx context.Context, changed func()) {
			for range g.Watch(ctx) {
				changed()
			}
		},
		Reload: r.reload,
		Diff:   r.diff,
		Socket: socket,
		Log:    r.log,
	})
	if err != nil {
		return err
	}
	defer s.Close()
	g.Run(ctx)
	return nil
}

func serviceState(s actors.State) service.State {
	return service.State{
		Link:              s.Link,
		UnansweredSeconds: int(s.Unanswered.Seconds()),
		TooLarge:          s.TooLarge,
		Devices:           service.Devices{Online: s.Online, Opening: s.Opening, Down: s.Down},
	}
}
