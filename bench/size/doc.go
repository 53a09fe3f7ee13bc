// Size measures what the gateway takes when it has nothing to do: started with one device and with 100,000, dummies that
// only listen, each on a broker that is there.
//
//	go run ./bench/size
//	go run ./bench/size -rounds 1 -rest 0s -gateway ./gateway
package main
