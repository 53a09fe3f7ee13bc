package command

import (
	"context"
	"crypto"
	"errors"
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
		s := signer{slowKey{}, make(chan struct{}, 1), t.Context()}
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

// A handshake gives up its wait when its connection ends, and the others wait for no longer because of it.
func TestSignerOfWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, hangUp := context.WithCancel(t.Context())
		stays := signer{slowKey{}, make(chan struct{}, 1), t.Context()}
		gone := signer{slowKey{}, stays.turn, ctx}
		began := time.Now()
		sign := func(s signer) {
			if _, err := s.Sign(nil, nil, nil); err != nil {
				t.Error(err)
			}
		}
		var all, left sync.WaitGroup
		all.Go(func() { sign(stays) })
		synctest.Wait()
		for range 1000 {
			left.Go(func() {
				if _, err := gone.Sign(nil, nil, nil); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want that it has ended", err)
				}
			})
		}
		synctest.Wait()
		all.Go(func() { sign(stays) })
		hangUp()
		left.Wait()
		if took := time.Since(began); took != 0 {
			t.Errorf("who has gone waits for %v", took)
		}
		all.Wait()
		if took := time.Since(began); took != 2*4*time.Millisecond {
			t.Errorf("two signatures take %v, want 8 ms", took)
		}
	})
}
