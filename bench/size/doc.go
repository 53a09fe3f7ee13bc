// Size measures an idle gateway: its start, its memory, its processor time and its stop, with one device and with
// 100,000 dummies that only listen. The broker runs all the time.
//
//	go run ./bench/size
//	go run ./bench/size -rounds 1 -rest 0s -gateway ./gateway
package main
