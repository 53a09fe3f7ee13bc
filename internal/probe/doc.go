// Package probe looks at equipment that no configuration describes yet: what a person needs at the cabinet, before the gateway can have
// a device for it. Each kind of equipment has a value that asks it:
//
//   - [Stream] hears a serial port, a connection or a socket, and cuts what comes into frames, which [Rows] shows in hexadecimal and as text;
//   - [Slave] reads what a Modbus slave keeps, which [Registers] and [Bits] show, and [Scan] looks for slaves;
//   - [HTTP] asks a web server once; [Leaves] are the values of its answer, with the jq that leads to each;
//   - [SNMP] asks an agent for its objects.
//
// What is shown is plain text of about 90 columns. Functions with YAML in their names return what to copy into the configuration. Nothing
// that is shown holds a secret: secrets come from files, and addresses are redacted.
package probe
