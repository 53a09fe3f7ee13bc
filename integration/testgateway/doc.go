// Command testgateway is the gateway with one device more, the puppet, which misbehaves when it is told to. It is made
// the way anyone makes a gateway with devices of their own.
package main
