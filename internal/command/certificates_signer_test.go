package command

import (
	"crypto"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slowKey takes two milliseconds for a signature.
type slowKey struct{ crypto.Signer }

func (slowKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	time.Sleep(2 * time.Millisecond)
	return []byte("signature"), nil
}

// Handshakes that begin together sign one after the other, for half of the time.
func TestSigner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := signer{slowKey{}, make(chan struct{}, 1)}
		began := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if signature, err := s.Sign(nil, nil, nil); err != nil || string(signature) != "signature" {
					t.Errorf("%q, %v", signature, err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took != 10*4*time.Millisecond {
			t.Errorf("ten signatures take %v, want 40 ms", took)
		}
	})
}
