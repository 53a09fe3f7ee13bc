package messages

// View is what a device shows of itself below its own name, ROOT/$gateway/GATEWAY/DEVICE/NAME, whatever the map says: its
// description, its values, its events and the answers to what was set there. Device → connection.
type View struct {
	Device  string
	Name    string // the last levels of the topic: info, values, event/ID or answer
	Payload string // with Retain and empty: the broker is to forget what it keeps at the topic
	Retain  bool   // the broker is to keep the view as the latest of its topic
}
