package integration

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults/trial"
)

var (
	kills    = flag.Int("integration.kills", 4, "how often the gateway is killed while it relays")
	killSeed = flag.Uint64("integration.seed", 1, "what the moments of the kills are drawn from")
)

// resumed is a backlog far above the 20 messages that a broker should send without an acknowledgement. mosquitto 2.0.11
// sends more than 20 when it resumes a session, and sends later messages first.
const resumed = 600

// crowded is the number of devices that share the commands. It is so large that a device never has more than four
// commands waiting: the broker's acknowledgement waits for four commands even if their device is slow, which every
// device is on a busy machine. Of further commands some would be lost, without a spool.
const crowded = 256

// TestRelayKilled kills a gateway that relays commands to devices, and their statuses back, again and again. Each
// command that the broker has acknowledged must lead to a status at the far end.
func TestRelayKilled(t *testing.T) {
	for _, c := range []struct {
		name  string
		spool bool
	}{
		{"without a spool", false},
		{"with a spool", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testRelayKilled(t, c.spool)
		})
	}
}

func testRelayKilled(t *testing.T, spool bool) {
	broker := startMosquitto(t)
	r := &relayTrial{ground: newGround(t, t.TempDir(), broker, broker.address, crowded, work{takes: time.Millisecond}, spool)}
	r.startGateway()
	r.gateway().says("msg=subscribed") // otherwise there is no session in which the broker keeps commands
	draw := rand.New(rand.NewPCG(*killSeed, 0))
	for n := range *kills {
		r.live(drawLife(draw, n))
	}
	r.flow(resumed, resumed)
	r.judge(r.finish())
}

// judge fails the test if a command or status is missing or out of order.
func (r *relayTrial) judge(result trial.Result) {
	r.t.Helper()
	r.t.Log(r.told(result))
	killed := 0
	for _, gateway := range r.gateways {
		if gateway.cmd.ProcessState.String() == "signal: killed" {
			killed++
		}
	}
	if killed != *kills {
		r.t.Errorf("the gateway was killed %d times, want %d", killed, *kills)
	}
	r.nothingIsMissing(result)
}

// nothingIsMissing fails the test if a command was lost or refused although the broker was always there.
func (r *relayTrial) nothingIsMissing(result trial.Result) {
	r.t.Helper()
	if sent := r.ledger.Last(); result.Acknowledged != sent {
		r.t.Errorf("%d of %d commands were acknowledged by a broker that was always there", result.Acknowledged, sent)
	}
	if n := result.Refused + len(result.Unanswered); n > 0 {
		r.t.Errorf("%d commands were refused by devices that had room for them", n)
	}
	for _, wrong := range []struct {
		what  string
		cases []trial.Case
	}{
		{"commands lost", result.Lost},
		{"statuses of handled commands lost", result.EchoesLost},
		{"statuses lost though their receipt said kept", result.KeptLost},
		{"commands out of order", result.Disordered},
	} {
		if n := len(wrong.cases); n > 0 {
			r.t.Errorf("%d %s: %v", n, wrong.what, wrong.cases[:min(n, 20)])
		}
	}
	if n := result.EchoesDisordered; n > 0 {
		r.t.Errorf("%d statuses out of order", n)
	}
}

// told returns a summary of the trial.
func (r *relayTrial) told(result trial.Result) string {
	return fmt.Sprintf("-integration.seed=%d\n%s%s", *killSeed, result, strings.Join(r.lives, "\n"))
}

// relayTrial is a gateway that relays commands and is killed meanwhile.
type relayTrial struct {
	*ground
	lives []string // of the gateway, as text
}

// life is what is drawn for the gateway's time between two kills.
type life struct {
	alive int // commands that are sent before the gateway is killed
	// Commands ahead of the latest echo at most; a gateway with fewer commands to echo may be killed while it starts.
	ahead int
	dead  int // commands that are sent before the gateway is started again
}

func drawLife(draw *rand.Rand, n int) life {
	l := life{alive: draw.IntN(300), ahead: 1 << draw.IntN(9), dead: draw.IntN(50)}
	if n%4 == 0 {
		l.dead = resumed
	}
	return l
}

// live runs one life of the gateway, kills it, and starts it again.
func (r *relayTrial) live(l life) {
	r.t.Helper()
	r.flow(l.alive, l.ahead)
	r.gateway().kill()
	r.lives = append(r.lives, fmt.Sprintf("killed after %d commands, up to %d ahead of their statuses: %s", l.alive, l.ahead, r.stage()))
	for range l.dead {
		r.command()
	}
	r.acknowledged()
	r.startGateway()
}

// flow sends count commands as statuses come, at most ahead commands before them.
func (r *relayTrial) flow(count, ahead int) {
	r.t.Helper()
	for range count {
		n := r.command()
		if n <= ahead {
			continue
		}
		if err := r.within(func(ctx context.Context) error { return r.ledger.AwaitEcho(ctx, "", n-ahead-1) }); err != nil {
			r.t.Fatalf("no status comes any more: %v\n%s", err, r.told(r.result()))
		}
	}
}

// command sends a command to the next device in turn, and returns its number.
func (r *relayTrial) command() int {
	r.t.Helper()
	n, err := r.send(r.witnesses[r.ledger.Last()%len(r.witnesses)], trial.Set)
	if err != nil {
		r.t.Fatalf("sending a command: %v", err)
	}
	return n
}

// acknowledged waits until the broker has acknowledged all commands.
func (r *relayTrial) acknowledged() {
	r.t.Helper()
	if err := r.within(func(ctx context.Context) error { return r.ledger.AwaitAcknowledged(ctx, r.ledger.Last()) }); err != nil {
		r.t.Fatalf("the broker does not acknowledge the last command: %v", err)
	}
}

func (r *relayTrial) within(wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.t.Context(), recovery)
	defer cancel()
	return wait(ctx)
}

// stage returns how far the gateway that was killed had come.
func (r *relayTrial) stage() string {
	stage := "still starting"
	for _, s := range []struct{ line, stage string }{
		{"msg=connected", "connected"},
		{`msg="message in"`, "relaying"},
	} {
		if len(r.gateway().saidSince(0, s.line)) > 0 {
			stage = s.stage
		}
	}
	return stage
}

// finish waits until each command has had a result, which takes too long if one is lost, and returns the ledger's
// result.
func (r *relayTrial) finish() trial.Result {
	r.t.Helper()
	r.acknowledged()
	if err := r.within(r.ledger.AwaitAll); err != nil {
		r.t.Logf("the statuses of some commands have not come: %v", err)
	}
	return r.result()
}
