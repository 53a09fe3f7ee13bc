package metrics

import (
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// gateway writes what the gateway counts as a whole, and what waits in it.
func (x *exposition) gateway(g *actors.Gateway, version string) {
	x.gauges("build_info", "The program: its version, and that of Go.")
	x.add(1, "goversion", runtime.Version(), "version", version)
	x.messages(g.Counters())
	x.took(&g.Counters().Took)
	x.queues(g.Queues())
}

// reload writes how the latest reload of the configuration went, by the names that Prometheus' own programs have for that.
func (x *exposition) reload(r Reload) {
	x.gauges("config_last_reload_successful", "Whether the latest reload of the configuration went well: 1, otherwise 0. The start counts as one.")
	x.add(truth(r.Successful))
	x.gauges("config_last_reload_success_timestamp_seconds", "When a configuration was last put in force.")
	x.add(timestamp(r.Succeeded))
}

func (x *exposition) messages(c *actors.Counters) {
	x.counters("messages", "Messages between the broker and the devices, by direction and by what has become of them.")
	for _, row := range []struct {
		direction, outcome string
		count              int64
	}{
		{"in", "echo", c.Echoes.Load()},
		{"in", "ignored", c.Ignored.Load()},
		{"in", "refused", c.Refused.Load()},
		{"in", "routed", c.Routed.Load()},
		{"in", "unmatched", c.Unmatched.Load()},
		{"out", "dropped", c.Dropped.Load()},
		{"out", "published", c.Published.Load()},
		{"out", "unsaid", c.Unsaid.Load()},
	} {
		x.add(float64(row.count), "direction", row.direction, "outcome", row.outcome)
	}
	x.counters("handlings", "Messages that devices have got, by how each device has answered.")
	for _, row := range []struct {
		outcome string
		count   int64
	}{
		{"failed", c.Failed.Load()},
		{"handled", c.Handled.Load()},
		{"not_mine", c.NotMine.Load()},
		{"refused", c.TurnedAway.Load()},
	} {
		x.add(float64(row.count), "outcome", row.outcome)
	}
	for _, row := range []struct {
		name, help string
		count      int64
	}{
		{"messages_acknowledged_early", "Messages that were acknowledged before a slow device had handled them.", c.Early.Load()},
		{"messages_emitted", "Messages of devices.", c.Emitted.Load()},
		{"messages_restored", "Messages that the spool had kept for devices from before the start.", c.Restored.Load()},
		{"messages_told", "Messages of devices that have found other devices of this gateway.", c.Told.Load()},
		{"messages_too_large", "Messages from the broker that were too large, and were skipped.", c.TooLarge.Load()},
		{"retained_topics_given_up", "Retained topics that were dropped for lack of room.", c.GivenUp.Load()},
		{"unanswered_commands", "Refused commands without an answer, since there were too many of them.", c.Unanswered.Load()},
	} {
		x.counters(row.name, row.help)
		x.add(float64(row.count))
	}
}

// took writes the histogram of how long devices have taken.
func (x *exposition) took(d *actors.Durations) {
	buckets, sum := d.Buckets()
	x.begin("histogram", "handling_seconds", "handling_seconds", "How long the devices' code has taken for a message.")
	count := uint64(0)
	for _, b := range buckets {
		count += b.Count
		most := "+Inf"
		if b.Most != 0 {
			most = x.bound(b.Most.Seconds())
		}
		x.write("_bucket", float64(count), appendLabels(nil, "le", most))
	}
	x.write("_sum", sum.Seconds(), nil)
	x.write("_count", float64(count), nil)
}

func (x *exposition) queues(q actors.Queues) {
	if q.Mailboxes != nil {
		x.gauges("mailbox_messages", "Messages that wait for an actor of the gateway's own.")
		for _, name := range slices.Sorted(maps.Keys(q.Mailboxes)) {
			x.add(float64(q.Mailboxes[name]), "actor", name)
		}
	}
	x.gauges("outbox_messages", "Publications that wait for a session with the broker.")
	x.add(float64(q.Outbox))
	x.gauges("outbox_bytes", "What the publications take that wait for a session with the broker.")
	x.add(float64(q.OutboxBytes))
	x.gauges("outbox_room_messages", "How many publications the outbox takes before it drops the oldest.")
	x.add(float64(q.OutboxRoom.Messages))
	x.gauges("outbox_room_bytes", "How much the publications in the outbox may take before it drops the oldest.")
	x.add(float64(q.OutboxRoom.Bytes))
	if q.SpoolRoom == 0 {
		return
	}
	x.gauges("spool_records", "Publications and messages that the spool holds on disk.")
	x.add(float64(q.Spool))
	x.gauges("spool_bytes", "What the spool holds on disk.")
	x.add(float64(q.SpoolBytes))
	x.gauges("spool_room_bytes", "How much the spool holds at most.")
	x.add(float64(q.SpoolRoom))
}

// link writes how the link with the broker is.
func (x *exposition) link(e supervision.Entry) {
	x.gauges("link_up", "Whether there is a session with the broker: 1, otherwise 0.")
	x.add(truth(e.State == messages.Online))
	x.gauges("link_since_timestamp_seconds", "When the link came up, went down or was first wanted.")
	x.add(timestamp(e.Since))
	x.counters("link_losses", "Sessions with the broker that were lost: each is a flap of the link.")
	x.add(float64(e.Losses))
	x.counters("link_failed_attempts", "Attempts to connect to the broker that have failed.")
	x.add(float64(e.Restarts - e.Losses))
	unanswered := 0.0
	if !e.Unanswered.IsZero() {
		unanswered = time.Since(e.Unanswered).Seconds()
	}
	x.gauges("link_unanswered_seconds", "For how long the broker, though the link is up, has left something unanswered; 0 unless that is worth telling.")
	x.add(unanswered)
}

// parts writes how the gateway's own actors are.
func (x *exposition) parts(list []supervision.Entry) {
	x.gauges("actor_up", "Whether an actor of the gateway's own works: 1, otherwise 0.")
	for i := range list {
		x.add(truth(list[i].State == messages.Online), "actor", list[i].Name)
	}
	x.counters("actor_restarts", "How often an actor of the gateway's own was begun again, after a mistake in it.")
	for i := range list {
		x.add(float64(list[i].Restarts), "actor", list[i].Name)
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func timestamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
