package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

const heated = `
gateway: {name: gw}
mqtt: {qos: 1}
mapping: {root: home, topics: ["home/+/+/+/+/+/C"]}
devices:
  - {name: other, type: puppet, answers_to: {device: [other]}}
`

// await returns when all of these messages have come, in any order, and fails the test if one hasn't in time.
func (u *user) await(when string, want ...message) {
	u.t.Helper()
	missing := make(map[message]int)
	for _, m := range want {
		missing[m]++
	}
	var others []string
	for deadline := time.Now().Add(patience); len(missing) > 0; {
		m, ok := u.hearAny(time.Until(deadline))
		switch {
		case !ok:
			u.t.Fatalf("%s: missing %v\ncame\n  %s", when, missing, strings.Join(others, "\n  "))
		case missing[m] > 1:
			missing[m]--
		case missing[m] == 1:
			delete(missing, m)
		case !strings.HasSuffix(m.topic, "/state"):
			others = append(others, m.String())
		}
	}
}

// TestEntities describes a device by its messages and by its views, sets it in either way, and takes it away.
func TestEntities(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	dir := t.TempDir()
	with := heated + "  - {name: boiler, type: boiler, reply: always}\n"
	config := write(t, dir, "gateway.yaml", with)
	gateway := start(t, dir, "testgateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	gateway.says("msg=subscribed")

	state := func(flow, target string) message {
		return message{topic: "home////boiler/gw/S", payload: fmt.Sprintf(`{"action":"STATE","flow":%s,"target":%s}`, flow, target), qos: 1}
	}
	pump := func(payload string) message {
		return message{topic: "home/Heating///Pump/gw/S", payload: payload, qos: 1}
	}
	view := func(name, payload string) message {
		return message{topic: "home/$gateway/gw/boiler/" + name, payload: payload, qos: 1}
	}
	retained := func(m message) message { m.retained = true; return m }
	command := func(to, payload string) message {
		return message{topic: "home/" + to + "/me/C", payload: payload, qos: 1}
	}
	answer := func(to, payload string) message {
		return message{topic: "home/" + to + "/gw/S", payload: payload, qos: 1}
	}

	u := join(t, broker.address, "home/+/+/+/+/+/S", "home/$gateway/#")
	u.awaitKept("described", state("null", "null"), pump(`{"action":"STATE","pump":null}`), view("values", `{"flow":null,"target":null,"pump":null}`))

	for _, row := range []struct {
		say  message
		want []message
	}{
		{command("///boiler", `{"action":"FLOW","value":31.2}`),
			[]message{state("31.2", "null"), view("values", `{"flow":31.2,"target":null,"pump":null}`)}},
		{command("///boiler", `{"action":"SET","target":"40.5","id":7}`),
			[]message{state("31.2", "40.5"), answer("///boiler", `{"action":"SET","response":"OK","id":7}`)}},
		{command("///boiler", `{"action":"SET","target":70}`),
			[]message{answer("///boiler", `{"action":"SET","response":"REJECTED","reason":"boiler: target: 70 is above 60 °C"}`)}},
		{command("///boiler", `{"action":"SET","target":20}`),
			[]message{answer("///boiler", `{"action":"SET","response":"REJECTED","reason":"boiler: action refused: the boiler would freeze"}`)}},
		{command("Heating///", `PUMP_ON`),
			[]message{pump(`{"action":"STATE","pump":true}`), pump("PUMP_ON"), view("values", `{"flow":31.2,"target":40.5,"pump":true}`)}},
		{command("///boiler", "GET"), []message{state("31.2", "40.5"), answer("///boiler", `{"action":"GET","response":"OK"}`)}},
		{command("///boiler", "RING"),
			[]message{answer("///boiler", `{"action":"rung","times":2}`), view("event/bell", `{"event_type":"rung","times":2}`)}},
		{command("///boiler", "RESET"), []message{state("20", "40.5"), view("values", `{"flow":20,"target":40.5,"pump":true}`)}},
		{message{topic: "home/$gateway/gw/boiler/set/target", payload: "55"},
			[]message{state("20", "55"), view("answer", `{"entity":"target","response":"OK"}`)}},
		{message{topic: "home/$gateway/gw/boiler/set/pump", payload: "OFF", qos: 1},
			[]message{pump("PUMP_OFF"), view("answer", `{"entity":"pump","response":"OK"}`)}},
		{message{topic: "home/$gateway/gw/boiler/set/reset", qos: 1, payload: "PRESS"},
			[]message{view("answer", `{"entity":"reset","response":"OK"}`)}},
		{message{topic: "home/$gateway/gw/boiler/set/target", payload: "warm"},
			[]message{view("answer", `{"entity":"target","response":"REJECTED","reason":"target: \"warm\", want a number"}`)}},
		{message{topic: "home/$gateway/gw/boiler/set/unheard_of", payload: "1"},
			[]message{view("answer", `{"entity":"unheard_of","response":"REJECTED","reason":"unheard_of: there is no such entity"}`)}},
		{command("///boiler", "FAIL"), nil}, // and nothing of it changes
	} {
		u.say(row.say)
		u.await(row.say.String(), row.want...)
	}

	kept := []message{
		retained(state("20", "55")), retained(pump("PUMP_OFF")), retained(view("values", `{"flow":20,"target":55,"pump":false}`)),
	}
	join(t, broker.address, "home/#").await("who comes later", kept...)
	gateway.says("msg=\"device online again\" device=boiler")

	broker.kill() // which has kept nothing
	broker.start()
	gateway.says("msg=\"connected again\"")
	back := join(t, broker.address, "home/#")
	for i := range kept {
		kept[i].retained = false
	}
	back.awaitKept("a broker that has lost everything", kept...)

	write(t, dir, "gateway.yaml", heated)
	gateway.signal(syscall.SIGHUP)
	back.await("removed", view("values", ""), view("info", ""), answer("///boiler", ""), pump(""))
}

// awaitKept is await of messages that come live or retained: whoever is quick hears them live.
func (u *user) awaitKept(when string, want ...message) {
	u.t.Helper()
	missing := make(map[message]bool)
	for _, m := range want {
		missing[m] = true
	}
	for deadline := time.Now().Add(patience); len(missing) > 0; {
		m, ok := u.hearAny(time.Until(deadline))
		if !ok {
			u.t.Fatalf("%s: missing %v", when, missing)
		}
		m.retained = false
		delete(missing, m)
	}
}
