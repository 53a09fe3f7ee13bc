package integration

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
	"github.com/mqttgateway/mqttgateway/internal/service"
)

// The types of packets: the upper half of a packet's first byte.
const (
	packetConnect  = 1
	packetPublish  = 3
	packetPuback   = 4
	packetPubcomp  = 7
	packetSuback   = 9
	packetPingresp = 13
)

// newProxy returns a proxy in front of a broker. The proxy ends with the test.
func newProxy(t *testing.T, broker *mosquitto) *faults.Proxy {
	t.Helper()
	proxy, err := faults.Listen(freeAddress(t), broker.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return proxy
}

// TestMissingAcknowledgement drops one PUBACK of the broker. At QoS 1 every command is answered nevertheless, the log
// names the missing answer, and the gateway's health reports it before.
func TestMissingAcknowledgement(t *testing.T) {
	t.Parallel()
	overTransports(t, func(t *testing.T, transport string) {
		broker := startMosquitto(t)
		proxy := newProxy(t, broker)
		var acks atomic.Int64
		proxy.Edit(faults.Down, func() faults.Editor {
			return func(packet []byte) ([]byte, bool) {
				if packet[0]>>4 == packetPuback && acks.Add(1) == 20 {
					return nil, false
				}
				return packet, false
			}
		})
		dir := t.TempDir()
		gateway := start(t, dir, "gateway", "run", "--mqtt.broker=tcp://"+proxy.Address(), "--config", write(t, dir, "gateway.yaml",
			"mqtt: {qos: 1, ack_timeout: 3s, reconnect: {min: 50ms, max: 50ms}, transport: "+transport+"}\nhealth: {socket: h.sock}"+echoing))
		gateway.says("msg=subscribed")
		user := join(t, broker.address, "home/+/+/+/+/gw/S")
		const commands = 60
		for n := range commands {
			user.say(message{topic: "home/////me/C", payload: fmt.Sprintf(`{"action":"LIGHT_ON","n":%d}`, n), qos: 1})
		}
		health := awaitHealth(t, dir, "acknowledgements outstanding for")
		if !health.OK || health.Link != "connected" || health.UnansweredSeconds < 1 {
			t.Errorf("health is %+v", health)
		}
		const lost = `level=WARN msg="link lost" … has not acknowledged for … no PUBACK for the message on "home/////gw/S"`
		if after := durationAfter(t, gateway.says(lost), "has not acknowledged for "); after < 3*time.Second {
			t.Errorf("the gateway has waited for %v, want 3s", after)
		}
		missing := make(map[string]bool)
		for n := range commands {
			missing[fmt.Sprint(n)] = true
		}
		for len(missing) > 0 {
			m, ok := user.hear(patience)
			if !ok {
				t.Fatalf("%d of %d commands were never answered", len(missing), commands)
			}
			delete(missing, strings.Trim(m.payload[strings.LastIndexByte(m.payload, ':')+1:], " }"))
		}
		gateway.stop()
		gateway.saysOnly(lost)
	})
}

// awaitHealth asks for the gateway's health until its status contains text.
func awaitHealth(t *testing.T, dir, text string) service.Health {
	t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		health, err := service.Ask(ctx, dir+"/h.sock")
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(health.Status, text) {
			return health
		}
		<-time.After(50 * time.Millisecond) // between two questions
	}
	t.Fatalf("the gateway's health never says %q", text)
	return service.Health{}
}

// TestMissingAcknowledgementOfAState drops the acknowledgements of the gateway's states. At QoS 0 no status waits for
// them.
func TestMissingAcknowledgementOfAState(t *testing.T) {
	t.Parallel()
	overTransports(t, func(t *testing.T, transport string) {
		broker := startMosquitto(t)
		proxy := newProxy(t, broker)
		proxy.Edit(faults.Down, func() faults.Editor {
			return func(packet []byte) ([]byte, bool) {
				if packet[0]>>4 == packetPuback {
					return nil, false
				}
				return packet, false
			}
		})
		dir := t.TempDir()
		gateway := start(t, dir, "gateway", "run", "--mqtt.broker=tcp://"+proxy.Address(), "--config", write(t, dir, "gateway.yaml",
			"mqtt: {ack_timeout: 1s, reconnect: {min: 50ms, max: 50ms}, transport: "+transport+"}"+echoing))
		gateway.says("msg=subscribed")
		user := join(t, broker.address, "home/+/+/+/+/gw/S")
		const commands = 300 // more than may be outstanding
		for range commands {
			user.say(question)
		}
		for n := range commands {
			if m, ok := user.hear(patience); !ok || m != answer {
				t.Fatalf("answer %d is %v, %t", n, m, ok)
			}
		}
		const lost = `level=WARN msg="link lost" … no PUBACK for the message on "home/$gateway/gw/state"`
		gateway.says(lost)
		// After the fourth session the state is given up, and the next session lasts.
		const aside = `level=WARN msg="publications refused" … unacknowledged in 4 sessions`
		gateway.says(aside)
		for deadline := time.Now().Add(patience); ; {
			user.say(question) // lost at QoS 0 while there is no session
			if _, ok := user.hear(100 * time.Millisecond); ok {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("no more answers")
			}
		}
		gateway.stop()
		gateway.saysOnly(lost, aside, `msg="link failed again"`, "link lost")
	})
}

// TestLargeMessage makes the broker keep a message above mqtt.max_packet, once as a retained message on a topic of the
// gateway, and once in a persistent session.
func TestLargeMessage(t *testing.T) {
	t.Parallel()
	for _, qos := range []byte{0, 1} {
		t.Run(fmt.Sprint("QoS ", qos), func(t *testing.T) {
			overTransports(t, func(t *testing.T, transport string) { testLargeMessage(t, transport, qos) })
		})
	}
}

func testLargeMessage(t *testing.T, transport string, qos byte) {
	broker := startMosquitto(t)
	publish := func(m mqtt.Message) {
		t.Helper()
		done := make(chan struct{})
		session, err := direct.Dial(t.Context(), mqtt.Options{Broker: "tcp://" + broker.address, CleanSession: true,
			Published: func(uint64, error) { close(done) }})
		if err != nil {
			t.Fatal(err)
		}
		session.Publish(1, m)
		session.Flush()
		<-done
		session.Close(t.Context())
	}
	large := mqtt.Message{Topic: "home/////me/large", Payload: strings.Repeat("x", 1_500_000), QoS: 1, Retained: true}
	publish(large)
	dir := t.TempDir()
	config := write(t, dir, "gateway.yaml", fmt.Sprintf("mqtt: {qos: %d, clean_session: false, max_packet: 1MB, transport: %s}\nhealth: {socket: h.sock}%s",
		qos, transport, echoing))
	const told = `level=WARN msg="messages refused" who=link err="topic "home/////me/large": 15000 … mqtt.max_packet`
	for run := range 2 {
		gateway := start(t, dir, "gateway", "run", "--mqtt.broker=tcp://"+broker.address, "--config", config)
		gateway.says("msg=subscribed")
		gateway.says(told)
		large.Retained = false
		publish(large)
		heard := answer
		heard.qos = qos
		join(t, broker.address, "home/+/+/+/+/gw/S").ask(patience, question, heard)
		if health := awaitHealth(t, dir, "messages too large: 2"); health.TooLarge != 2 {
			t.Errorf("health is %+v", health)
		}
		gateway.stop()
		gateway.saysOnly(told, `msg="more messages refused"`)
		if lines := gateway.saidSince(0, "msg=subscribed"); len(lines) != 1 {
			t.Errorf("run %d: subscribed %d times", run, len(lines))
		}
	}
}

// TestForgedAcknowledgements makes the broker acknowledge packets that were never sent, in every way.
func TestForgedAcknowledgements(t *testing.T) {
	t.Parallel()
	overTransports(t, func(t *testing.T, transport string) {
		broker := startMosquitto(t)
		proxy := newProxy(t, broker)
		proxy.Edit(faults.Down, func() faults.Editor {
			return func(packet []byte) ([]byte, bool) {
				if packet[0]>>4 != packetPublish {
					return packet, false
				}
				return append(packet,
					0x40, 2, 0xee, 1, 0x50, 2, 0, 1, 0x50, 2, 0xee, 1, 0x62, 2, 0xee, 1, 0x70, 2, 0, 1, 0x70, 2, 0xee, 1,
					0x90, 3, 0xee, 1, 0, 0xb0, 2, 0xee, 1, 0xd0, 0, 0xd0, 0, 0x20, 2, 0, 0), false
			}
		})
		proxy.Edit(faults.Up, func() faults.Editor {
			return func(packet []byte) ([]byte, bool) {
				if packet[0]>>4 == packetPubcomp { // the answer to a PUBREL for a message that the broker does not know
					return nil, false
				}
				return packet, false
			}
		})
		dir := t.TempDir()
		gateway := start(t, dir, "gateway", "run", "--mqtt.broker=tcp://"+proxy.Address(), "--config", write(t, dir, "gateway.yaml",
			"mqtt: {qos: 1, transport: "+transport+"}"+echoing))
		gateway.says("msg=subscribed")
		user := join(t, broker.address, "home/+/+/+/+/gw/S")
		for range 50 {
			user.ask(patience, message{topic: question.topic, payload: question.payload, qos: 1}, message{topic: answer.topic, payload: answer.payload, qos: 1})
		}
		gateway.stop()
		const told = `level=WARN msg="the broker has sent what it should not, passed over" err="PUBACK with the identifier 60929, which answers nothing"`
		gateway.saysOnly(told)
		if lines := gateway.saidSince(0, told); len(lines) != 1 {
			t.Errorf("said %d times", len(lines))
		}
	})
}

// TestUnwillingBroker makes the broker hang up on each CONNECT that contains a last will.
func TestUnwillingBroker(t *testing.T) {
	t.Parallel()
	const (
		failed  = `level=WARN msg="connect failed" … no answer to the CONNECT`
		without = `level=WARN msg="connected without a last will`
	)
	overTransports(t, func(t *testing.T, transport string) {
		for _, will := range []bool{true, false} {
			t.Run(fmt.Sprint("mqtt.will ", will), func(t *testing.T) {
				broker := startMosquitto(t)
				proxy := newProxy(t, broker)
				var hangUps atomic.Int64
				proxy.Edit(faults.Up, func() faults.Editor {
					return func(packet []byte) ([]byte, bool) {
						const flags, willFlag = 9, 0b100 // CONNECT flags, behind a header of two bytes
						if packet[0]>>4 == packetConnect && packet[flags]&willFlag != 0 {
							hangUps.Add(1)
							return nil, true
						}
						return packet, false
					}
				})
				dir := t.TempDir()
				gateway := start(t, dir, "gateway", "run", "--mqtt.broker=tcp://"+proxy.Address(), "--config", write(t, dir, "gateway.yaml",
					fmt.Sprintf("mqtt: {will: %t, lag: 10ms, reconnect: {min: 1ms, max: 50ms}, transport: %s}%s", will, transport, echoing)))
				gateway.says("msg=subscribed")
				join(t, broker.address, "home/+/+/+/+/gw/S").ask(patience, question, answer)
				if want := map[bool]int64{true: 3, false: 0}[will]; hangUps.Load() != want {
					t.Errorf("the broker has hung up %d times, want %d", hangUps.Load(), want)
				}
				again := gateway.lines.len()
				proxy.Cut(faults.Both, faults.RST)
				if _, _, ok := gateway.lines.find(again, patience, pattern("connected again").MatchString); !ok {
					t.Fatal("not connected again")
				}
				join(t, broker.address, "home/+/+/+/+/gw/S").ask(patience, question, answer)
				if want := map[bool]int64{true: 4, false: 0}[will]; hangUps.Load() != want {
					t.Errorf("the broker has hung up %d times in the end, want %d", hangUps.Load(), want)
				}
				gateway.stop()
				const unsure = "publications refused … connection lost" // the gateway can't know what the user has got
				if will {
					gateway.saysOnly(failed, "link failed again", "link lost", without, unsure)
					if lines := gateway.saidSince(0, without); len(lines) != 1 {
						t.Errorf("said %d times", len(lines))
					}
				} else {
					gateway.saysOnly("link lost", unsure)
				}
			})
		}
	})
}

// TestBrokerThatKeepsDying makes a broker close the connection soon after each connect, and refuse connections for a
// moment: the log must not suspect another client.
func TestBrokerThatKeepsDying(t *testing.T) {
	t.Parallel()
	broker := startMosquitto(t)
	proxy := newProxy(t, broker)
	dir := t.TempDir()
	gateway := start(t, dir, "gateway", "run", "--mqtt.broker=tcp://"+proxy.Address(), "--config", write(t, dir, "gateway.yaml",
		"mqtt: {lag: 10ms, reconnect: {min: 10ms, max: 50ms}}\nlog: {level: debug}"+echoing))
	gateway.says("msg=subscribed")
	for range 4 {
		<-time.After(1100 * time.Millisecond) // sessions that are shorter don't count
		said := gateway.lines.len()
		if err := proxy.Refuse(true); err != nil {
			t.Fatal(err)
		}
		proxy.Cut(faults.Both, faults.FIN)
		waits := func(text string) {
			t.Helper()
			var ok bool
			if _, said, ok = gateway.lines.find(said, patience, pattern(text).MatchString); !ok {
				t.Fatalf("the program has not said %q again", text)
			}
		}
		waits("link lost")
		waits("connection refused")
		if err := proxy.Refuse(false); err != nil {
			t.Fatal(err)
		}
		waits(`msg="link connected"`)
	}
	gateway.stop()
	gateway.saysOnly("link lost", "connect failed", "link failed again")
}
