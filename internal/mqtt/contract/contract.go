// Package contract tests the promises of [mqtt.Session] and [mqtt.Dial], with one test for each promise. Both
// transports run all tests.
//
// Most promises are tested with a scripted broker, by a connection without a network, in the time of
// [testing/synctest], which also fails a test that leaves a goroutine behind. The others are tested on sockets, or with
// mosquitto. Only tests import this package.
package contract

import (
	"testing"
	"testing/synctest"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/wire"
)

// Transport is a transport under test.
type Transport struct {
	Dial    mqtt.Dial
	Connect wire.Connect
	Gone    func(mqtt.Session) <-chan struct{} // closed when no goroutine of the session runs any more
}

// promise is one promise of a transport, and its test.
type promise struct {
	name string
	test func(t *testing.T, tr Transport)
}

var promises = map[string][]promise{
	"connecting": {
		{"an attempt ends by what the broker answers", testConnecting},
		{"the CONNECT says who we are", testConnectSaysWhoWeAre},
		{"a broker that hangs up over the CONNECT is told from others", testNoConnack},
		{"a context that ends drops the attempt", testCancelWhileConnecting},
		{"a context that ends drops each kind of handshake", testCancelWhileNobodyAnswers},
		{"the connect timeout bounds each kind of handshake", testConnectTimeout},
		{"a certificate of ours that is refused is no matter of time", testOurCertificateRefused},
		{"brokers are reached by TCP, Unix sockets, TLS and WebSockets", testWays},
		{"what a broker said before it reset the connection counts", testRefusedBeforeAReset},
		{"credentials are sent, and their refusal is known", testCredentials},
		{"Arrived may run before Dial returns", testArrivedRunsBeforeDialReturns},
	},
	"subscribing": {
		{"each filter has its grant", testSubscribe},
		{"without an answer the context, or the end, ends the wait", testSubscribeWithoutAnAnswer},
		{"a late answer disturbs nobody", testLateAnswer},
		{"a retained message says so", testRetained},
	},
	"receiving": {
		{"acknowledgements may go in any order", testAcknowledgingOutOfOrder},
		{"Ack within Arrived needs no Flush", testAckWithinArrivedNeedsNoFlush},
		{"a message that was not acknowledged comes again", testPersistentSession},
		{"a message that is too large is read past, acknowledged and told of", testTooLargeMessages},
		{"a PUBREL is answered", testPubrelIsAnswered},
		{"an answer to nothing is told of once, and passed over", testAnswersToNothing},
	},
	"publishing": {
		{"outcomes come in order", testOutcomesComeInOrder},
		{"QoS 0 does not wait for QoS 1", testQoS0DoesNotWaitForQoS1},
		{"an outcome at QoS 1 is the broker's", testPublishedOnlyWhenAcknowledged},
		{"acknowledgements may come in any order", testAcknowledgedOutOfOrder},
		{"many may publish at once", testManyPublishers},
		{"a callback may publish", testPublishingFromACallback},
		{"QoS 2 is sent as 1", testQoS2},
		{"a message that cannot be sent is refused", testPoisonIsRefused},
		{"publishing while the connection goes does not hang", testPublishingWhileTheConnectionGoes},
	},
	"silence and missing answers": {
		{"a broker that falls silent is lost", testSilence},
		{"we are not silent", testWeAreNotSilent},
		{"a packet without an answer ends the session", testUnanswered},
		{"pings without an answer end the session", testUnansweredPings},
		{"one ping without an answer does not", testOneUnansweredPing},
		{"a broker that pauses has its time anew", testPausedBroker},
		{"a broker that is busy has four times as long", testBusyBroker},
		{"an answer that comes late is told of", testAnsweredLate},
		{"without a keep-alive a missing answer counts", testUnansweredWithoutKeepAlive},
	},
	"ending": {
		{"a broker that sends nonsense is lost", testLostByWhatTheBrokerSends},
		{"what came before the end arrives", testWhatCameBeforeTheEndArrives},
		{"a peer that takes no byte is lost", testFrozenPeer},
		{"an end of file through TLS is one", testEndOfFileThroughTLS},
		{"a reset is no matter for ever", testEndedByReset},
		{"a session that is taken over ends by end of file", testTakenOver},
		{"a callback that panics ends the session", testCallbacksThatPanic},
		{"Kill says nothing, and nothing is called after it", testKill},
		{"Close sends what was published, and a DISCONNECT", testClose},
		{"Close is bounded", testCloseIsBounded},
		{"Close is bounded with a frozen broker", testCloseWithAFrozenBroker},
		{"Close keeps the will back, Kill does not", testWill},
	},
}

// Run tests all promises of a transport.
func Run(t *testing.T, tr Transport) {
	for about, list := range promises {
		t.Run(about, func(t *testing.T) {
			for _, p := range list {
				t.Run(p.name, func(t *testing.T) { p.test(t, tr) })
			}
		})
	}
}

// Fuzz makes a broker send any bytes after its CONNACK: the session ends with an error, and nothing of it is left.
func Fuzz(f *testing.F, tr Transport) {
	for _, seed := range [][]byte{
		{0x30, 4, 0, 1, 'a', 'x', 0xd0, 0},
		{0x32, 6, 0, 1, 'a', 0, 7, 'x', 0x62, 2, 0, 7},
		{0x40, 2, 0, 1, 0x90, 3, 0, 2, 1, 0xb0, 2, 0, 3},
		{0x20, 2, 0, 0},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) { suffer(t, tr, data) })
	})
}
