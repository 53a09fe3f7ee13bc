// Package supervision keeps the record of the state of everything: of the link, of the gateway's own actors (its
// parts), and of each device. The package is pure: it uses no clock, no timer and no goroutine. The supervisor passes
// each event to the record, with the time, and carries out the orders that the record returns. The log, the
// availability topics, health and every other report read the record, so that no two of them can contradict each other.
//
// # Devices
//
// A device is in one of these states. A part is closed, online or offline, and begins again by the same rule.
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
// A person stops a device and starts it: Stopped leads from anywhere to stopped, and Connecting from anywhere to connecting. Until
// then nothing that happens to a stopped device changes its state, but that it goes down with its hub, and up again, stopped as before.
//
// DeviceRemoved leads from anywhere to nowhere. A device that fails is begun again after a back-off that doubles with each failure
// in a row, between bounds that its configuration may set; 30 s online end the row. A device that opens and soon fails, over and
// over, is thus left alone for longer and longer. One whose opener listens to equipment that is silent is listened to again after the shortest
// time: it costs nobody anything, and misses what is said while it is closed. The reason for which a device went down stands until the device is online or
// misconfigured: failed attempts to begin it again are counted, and change nothing else.
//
// While a hub is down, the devices that it has added are offline with the hub's reason, whatever they are themselves. A device that
// fails meanwhile is begun again when its hub is online. One that is closed, because its hub is down, is connecting from then on.
//
// # Link
//
//	        Begin             LinkUp
//	closed ───────▶ connecting ──────▶ online ◀──┐ LinkUp
//	                     │      LinkDown  │      │
//	                     └────────────────┴─▶ offline
//
// LinkClosed leads from anywhere to closed. Package link decides when the link begins again, and the record repeats it. The reason of
// the link is that of its latest failure.
package supervision
