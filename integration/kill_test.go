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

// resumed is a backlog far beyond the 20 messages that a broker should send unacknowledged. mosquitto 2.0.11 does not
// keep to them when it resumes a session, and sends later ones first.
const resumed = 600

// crowded is how many devices share the commands, so that none of them ever has more waiting than the four that the broker
// waits for also when the device is slow, which all of them are on a busy machine: of the others, without a spool, some
// would be lost.
const crowded = 256

// TestRelayKilled kills a gateway that relays commands to devices, and their statuses back, again and again. Each
// command that the broker has acknowledged must come out as a status at the far end.
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
	r.gateway().says("msg=subscribed") // or there is no session that keeps anything
	draw := rand.New(rand.NewPCG(*killSeed, 0))
	for n := range *kills {
		r.live(drawLife(draw, n))
	}
	r.flow(resumed, resumed)
	r.judge(r.finish())
}

// judge fails the test if anything is missing or out of order.
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

// nothingIsMissing fails the test if any command of a broker that was always there was lost, or refused.
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

// told tells what came of it, and how.
func (r *relayTrial) told(result trial.Result) string {
	return fmt.Sprintf("-integration.seed=%d\n%s%s", *killSeed, result, strings.Join(r.lives, "\n"))
}

// relayTrial is a gateway that commands flow through and that is killed meanwhile.
type relayTrial struct {
	*ground
	lives []string // of the gateway, told
}

// life is what is drawn of one between two kills.
type life struct {
	alive int // commands sent before the gateway is killed
	ahead int // of the latest echo at most; a gateway that owes fewer at its start may be killed while it starts
	dead  int // commands sent before it is started again
}

func drawLife(draw *rand.Rand, n int) life {
	l := life{alive: draw.IntN(300), ahead: 1 << draw.IntN(9), dead: draw.IntN(50)}
	if n%4 == 0 {
		l.dead = resumed
	}
	return l
}

// live has the gateway live such a life, be killed, and begin a new one.
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

// flow sends commands as their statuses come, ahead of them by so many.
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

// command sends one to the device whose turn it is, and returns its number.
func (r *relayTrial) command() int {
	r.t.Helper()
	n, err := r.send(r.witnesses[r.ledger.Last()%len(r.witnesses)], trial.Set)
	if err != nil {
		r.t.Fatalf("sending a command: %v", err)
	}
	return n
}

// acknowledged waits until the broker has taken all commands.
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

// stage tells how far the gateway that was killed had come.
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

// finish waits until something has come of each command, which takes too long if one is lost, and adds up.
func (r *relayTrial) finish() trial.Result {
	r.t.Helper()
	r.acknowledged()
	if err := r.within(r.ledger.AwaitAll); err != nil {
		r.t.Logf("the statuses of some commands have not come: %v", err)
	}
	return r.result()
}
