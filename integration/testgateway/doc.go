// Command testgateway is the gateway with three more devices, which misbehave when they are told to. It is built as
// anybody builds a gateway with devices of their own.
package main
