package loopback

import (
	"net"
	"testing"
)

// TestReserve opens and closes a listener at a reserved address while many other sockets ask for any port.
func TestReserve(t *testing.T) {
	address, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for range 2 {
		mine, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatalf("listening at the reserved address: %v", err)
		}
		client, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		served, err := mine.Accept()
		if err != nil {
			t.Fatal(err)
		}
		served.Close() // first, so that its port is in the state TIME_WAIT
		client.Close()
		mine.Close()
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("somebody listens at an address that is only reserved")
	}
	for range 2000 {
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if other.Addr().String() == address {
			t.Fatalf("another was given %s as well", address)
		}
	}
	again, releaseAgain, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	defer releaseAgain()
	if again == address {
		t.Errorf("%s was reserved twice", address)
	}
}
