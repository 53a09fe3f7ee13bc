// Command faultgateway is the gateway with devices that keep a record of what they do, for trials by fault.
package main
