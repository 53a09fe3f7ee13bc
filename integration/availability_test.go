package integration

import (
	"maps"
	"strings"
	"syscall"
	"testing"
)

// states follows the states that gateways publish.
type states struct {
	*user
	now map[string]string // the latest payloads, by topic
}

func followStates(t *testing.T, broker *mosquitto) *states {
	t.Helper()
	return &states{join(t, broker.address, "home/$gateway/#"), make(map[string]string)}
}

// become waits until the states are those in want.
func (s *states) become(when string, want map[string]string) {
	s.t.Helper()
	for !maps.Equal(s.now, want) {
		m, ok := s.hearAny(patience)
		if !ok {
			s.t.Fatalf("%s: the states are %q, want %q", when, s.now, want)
		}
		switch {
		case strings.HasSuffix(m.topic, "/filters"):
		case m.payload == "":
			delete(s.now, m.topic)
		default:
			s.now[m.topic] = m.payload
		}
	}
}

const twoPuppets = `
gateway: {name: gw}
mapping: {root: home, topics: ["home/#"]}
devices:
  - {name: spot, type: puppet, answers_to: {device: [spot]}}
  - {name: radio, type: puppet, answers_to: {device: [radio]}}
`

// TestAvailability starts and stops a gateway in every way, and makes one of its devices fail.
func TestAvailability(t *testing.T) {
	t.Parallel()
	const own, spot, radio = "home/$gateway/gw/state", "home/$gateway/gw/spot/state", "home/$gateway/gw/radio/state"
	const foreign = "home/$gateway/gw2/radio/state"
	for _, session := range []string{"clean_session: true", "clean_session: false, qos: 1"} {
		t.Run(session, func(t *testing.T) {
			t.Parallel()
			broker := startMosquitto(t)
			dir := t.TempDir()
			run := func(config string) *program {
				t.Helper()
				path := write(t, dir, "testgateway.yaml", "mqtt: {"+session+", reconnect: {min: 10ms, max: 100ms}}"+config)
				return start(t, dir, "testgateway", "run", "--config", path, "--mqtt.broker=tcp://"+broker.address)
			}
			watch := followStates(t, broker)
			watch.mark(message{topic: foreign, payload: "online", retained: true})

			gateway := run(twoPuppets)
			watch.become("running", map[string]string{own: "online", spot: "online", radio: "online", foreign: "online"})

			broker.kill()
			gateway.says("link lost")
			broker.start()
			watch = followStates(t, broker)
			watch.become("the broker has forgotten", map[string]string{own: "online", spot: "online", radio: "online"})
			watch.mark(message{topic: foreign, payload: "online", retained: true})

			gateway.signal(syscall.SIGKILL)
			gateway.exit()
			watch.become("killed", map[string]string{own: "offline", spot: "online", radio: "online", foreign: "online"})
			gateway = run(twoPuppets)
			watch.become("running again", map[string]string{own: "online", spot: "online", radio: "online", foreign: "online"})

			gateway.stop()
			gateway.saysOnly()
			stopped := map[string]string{own: "offline", spot: "offline: stopped", radio: "offline: stopped", foreign: "online"}
			watch.become("stopped", stopped)
			followStates(t, broker).become("whoever comes later", stopped)

			gateway = run(strings.Replace(twoPuppets, "  - {name: radio, type: puppet, answers_to: {device: [radio]}}\n", "", 1))
			left := map[string]string{own: "online", spot: "online", foreign: "online"}
			watch.become("without a device", left)
			followStates(t, broker).become("whoever comes later", left)
			gateway.stop()
			gateway.saysOnly()
		})
	}
}
