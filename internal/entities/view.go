package entities

import "github.com/mqttgateway/mqttgateway/messages"

// eventView returns the payload of the view event/ID: the type of the event, and the arguments of msg.
func eventView(typ string, msg messages.InternalMsg) string {
	b := append([]byte(`{"event_type":`), messages.TextValue(typ).Raw()...)
	for key, value := range msg.Args() {
		b = appendMember(b, key, value)
	}
	return string(append(b, '}'))
}

// AnswerView returns the payload of the view answer: how it went to set an entity.
func AnswerView(id string, o messages.Outcome, reason string, msg messages.InternalMsg) string {
	b := append([]byte(`{"entity":`), messages.TextValue(id).Raw()...)
	b = appendMember(b, messages.ArgResponse, messages.TextValue(o.String()))
	if reason != "" {
		b = appendMember(b, messages.ArgReason, messages.TextValue(reason))
	}
	if asked, ok := msg.Arg(messages.ArgID); ok && id != messages.ArgID {
		b = appendMember(b, messages.ArgID, asked)
	}
	return string(append(b, '}'))
}

func appendMember(b []byte, key string, value messages.Value) []byte {
	b = messages.AppendText(append(b, ','), key)
	return append(append(b, ':'), value.Raw()...)
}
