// Package probe looks at equipment that no configuration describes yet: what a person needs at the cabinet, before the gateway can have
// a device for it.
//
// [Stream] hears a serial port, a connection or a socket, and cuts what comes into frames, which [Rows] shows in hexadecimal and as text.
// What is shown is plain text of about 90 columns. Functions with the name YAML return what to copy into the configuration.
package probe
