package messages_test

import (
	"slices"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

func TestReply(t *testing.T) {
	command := messages.New(messages.Command, kitchen, "DIM").WithSender("me").WithArg("level", messages.IntValue(30))
	for _, row := range []struct {
		name    string
		to      messages.InternalMsg
		outcome messages.Outcome
		reason  string
		want    []string
	}{
		{"done", command, messages.Handled, "", []string{"response", `"OK"`}},
		{"refused, with a reason", command, messages.Rejected, "no such level",
			[]string{"response", `"REJECTED"`, "reason", `"no such level"`}},
		{"id, digit for digit", command.WithArg("id", parse(t, `12345678901234567890`)), messages.Busy, "",
			[]string{"response", `"BUSY"`, "id", `12345678901234567890`}},
		{"id that is an object", command.WithArg("id", parse(t, `{"n": 1}`)), messages.TimedOut, "slow",
			[]string{"response", `"TIMEOUT"`, "reason", `"slow"`, "id", `{"n":1}`}},
		{"arguments of the protocol are not echoed",
			command.WithArg("reply", messages.BoolValue(true)).WithArg("reason", messages.TextValue("x")), messages.Failed, "",
			[]string{"response", `"ERROR"`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := row.to.String()
			r := row.to.Reply(row.outcome, row.reason)
			if r.Type() != messages.Status || r.Address() != kitchen || r.Action() != "DIM" || r.Sender() != "" {
				t.Errorf("got %s, want an unsigned status with the request's address and action", r)
			}
			if got := args(r); !slices.Equal(got, row.want) {
				t.Errorf("arguments = %q, want %q", got, row.want)
			}
			if row.to.String() != before {
				t.Errorf("the request became %s", row.to)
			}
		})
	}
}

// Repeated arguments keep their order and type; those of the protocol are the answer's own.
func TestReplyWithArgs(t *testing.T) {
	command := messages.New(messages.Command, kitchen, "DIM").WithSender("me").
		WithArg("reply", messages.BoolValue(true)).WithArg("speed", messages.TextValue("slow")).
		WithArg("id", messages.IntValue(7)).WithArg("reason", messages.TextValue("x")).WithArg("level", parse(t, `1e3`))
	r := command.ReplyWithArgs(messages.Rejected, "no such level")
	want := []string{"speed", `"slow"`, "level", `1e3`, "response", `"REJECTED"`, "reason", `"no such level"`, "id", `7`}
	if got := args(r); !slices.Equal(got, want) || r.Type() != messages.Status || r.Sender() != "" {
		t.Errorf("the answer is %s with arguments %q, want an unsigned status with %q", r, got, want)
	}
	if got := args(command); got[0] != "reply" {
		t.Errorf("the command became %s", command)
	}
	plain := messages.New(messages.Command, kitchen, "ON")
	if r := plain.ReplyWithArgs(messages.Handled, ""); !r.Equal(plain.Reply(messages.Handled, "")) {
		t.Errorf("without arguments: %s", r)
	}
}

func TestProtocolKeys(t *testing.T) {
	for key, want := range map[string]bool{
		"response": true, "reason": true, "reply": true, "id": true, "ID": false, "action": false, "": false,
	} {
		if messages.IsProtocolKey(key) != want {
			t.Errorf("IsProtocolKey(%q) = %t, want %t", key, !want, want)
		}
	}
}

func TestStateNames(t *testing.T) {
	for state, want := range map[messages.State]string{
		messages.Connecting: "connecting", messages.Online: "online", messages.Offline: "offline",
		messages.Stuck: "stuck", messages.Closed: "closed", messages.Misconfigured: "misconfigured",
	} {
		if state.String() != want {
			t.Errorf("state %d is called %q, want %q", state, state, want)
		}
	}
}
