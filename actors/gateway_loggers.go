package actors

import (
	"log/slog"
	"slices"

	"github.com/mqttgateway/mqttgateway/internal/logbook"
)

// logOf returns the logger of one of the gateway's own actors.
func (g *Gateway) logOf(actor string) *slog.Logger { return g.options.Log.With(logbook.Of(actor)) }

// Loggers returns the actors whose lines of the log can have a level of their own. Any goroutine may call Loggers, and the functions
// that it returns, also before the gateway runs and afterwards.
func (g *Gateway) Loggers() logbook.Actors {
	return logbook.Actors{
		Parts:  []string{supervisorName, connectionName, mapperName, devicesName},
		Exists: func(name string) bool { return g.table.named(name) != nil },
		Devices: func() (names []string) {
			for _, d := range g.table.wanted() {
				names = append(names, d.config.Name)
			}
			slices.Sort(names)
			return names
		},
	}
}
