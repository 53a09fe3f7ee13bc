package mqtt

// Transport is how a [Session] speaks MQTT.
type Transport string

const (
	Direct Transport = "direct" // by a session of our own, the default
	Paho   Transport = "paho"   // by paho's client
)
