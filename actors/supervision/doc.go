// Package supervision keeps the record of how everything is: the link, the gateway's own actors, and each device. It is
// pure: no clock, no timer, no goroutine. The supervisor passes on what it is told, with the time, and carries out the orders
// that come of it. Whatever else tells how the gateway is (log, availability topics, health, a page) reads the record, and so
// none can contradict another.
//
// # Devices
//
// A device is one of these, and so is an actor of the gateway's own, which is never stuck or misconfigured:
//
//	DeviceAdded                  Online
//	     │             ┌─────────────────────────────┐
//	     ▼      Online ▼     Stuck                   │
//	connecting ─────▶ online ─────▶ stuck ───────────┤
//	     │              │             │              │
//	     └──────────────┴─────────────┴─▶ offline ───┤
//	                 Failure          │              │
//	                                  └─▶ misconfigured
//	                                Failure, Final
//
// DeviceRemoved leads from anywhere to nowhere. A device that fails is begun again after a back-off that doubles with each
// failure in a row; the row ends with a life of 30 s. The reason for which a device went down stands until it is online, or
// misconfigured: failed attempts to begin it again are counted, and change nothing else.
//
// While a hub is down, the devices that it has added are offline with its reason, whatever they are themselves. One that fails
// meanwhile is not begun again before its hub is online.
//
// # Link
//
//	        Begin             LinkUp
//	closed ───────▶ connecting ──────▶ online ◀──┐ LinkUp
//	                     │      LinkDown  │      │
//	                     └────────────────┴─▶ offline
//
// LinkClosed leads from anywhere to closed. When the link begins again is decided by package link; the record repeats it. Its
// reason is always the latest.
package supervision
