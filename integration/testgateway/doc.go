// Command testgateway is the gateway with more devices, most of which misbehave when they are told to. It is built as
// anybody builds a gateway with devices of their own.
package main
