// Package modbus speaks the Modbus Application Protocol, V1.1b3, as a client (a master): requests and their answers, as values.
package modbus
