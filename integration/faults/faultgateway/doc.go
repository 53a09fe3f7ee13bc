// Command faultgateway is the gateway with devices that keep records of what they do, for trials with faults.
package main
