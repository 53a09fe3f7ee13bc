package command

import (
	"context"
	"net/http"
	"sync"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/admin"
	"github.com/mqttgateway/mqttgateway/internal/service"
)

// serve runs the gateway, and the service around it, until ctx is done. If socket is "", there is no health socket. At the socket, shown
// answers those who speak HTTP. If asks is not nil, people may ask over MQTT.
func serve(ctx context.Context, g *actors.Gateway, r *reloader, requests *service.Requests, socket string, shown http.Handler, asks *admin.Admin) error {
	s, err := service.Start(ctx, service.Options{
		Alive: g.Alive,
		State: func() service.State { return serviceState(g.State()) },
		Watch: func(ctx context.Context, changed func()) {
			for range g.Watch(ctx) {
				changed()
			}
		},
		Reload:   r.reload,
		Diff:     r.diff,
		Requests: requests,
		Socket:   socket,
		Handler:  shown,
		Log:      r.log,
	})
	if err != nil {
		return err
	}
	defer s.Close()
	if asks != nil {
		var done sync.WaitGroup
		done.Go(func() {
			asks.Run(ctx, admin.Options{
				Gateway: g,
				Reload:  func(ctx context.Context) service.Difference { return s.Do(ctx, service.Reload) },
				Health:  s.Health,
				Levels:  r.logs,
			})
		})
		defer done.Wait()
	}
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
