package pace

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// machine is what a pacer under test reads.
type machine struct {
	mu  sync.Mutex
	now reading
}

func (m *machine) read() reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runtime.GOMAXPROCS(4)
		defer runtime.SetDefaultGOMAXPROCS()
		all := func() bool { return runtime.GOMAXPROCS(0) > 1 }

		m := new(machine)
		p := &Pacer{read: m.read}
		flow := func() {
			for range 100 {
				p.Note()
			}
			time.Sleep(period)
			synctest.Wait()
		}
		if flow(); all() {
			t.Error("messages flow, and there are several processors")
		}
		time.Sleep(2 * period)
		synctest.Wait()
		if runtime.GOMAXPROCS(0) != runtime.NumCPU() {
			t.Error("nothing flows any more, and not all processors are back")
		}
		if p.awake.Load() {
			t.Error("nothing flows, and it looks all the same")
		}

		runtime.GOMAXPROCS(4)
		if flow(); all() {
			t.Error("messages flow again, and there are several processors")
		}
		p.Stop()
		if runtime.GOMAXPROCS(0) != runtime.NumCPU() {
			t.Error("stopped, and not all processors are back")
		}
		runtime.GOMAXPROCS(4)
		if flow(); !all() {
			t.Error("stopped, and it goes on")
		}
	})
}

// Where the operator has chosen there are pulses, and nothing else, while messages flow.
func TestPacerFixed(t *testing.T) {
	t.Setenv("GOMAXPROCS", "2")
	p := New()
	if p == nil || !p.fixed {
		t.Fatal("the operator has chosen, and the pacer would as well")
	}
	synctest.Test(t, func(t *testing.T) {
		runtime.GOMAXPROCS(3)
		defer runtime.SetDefaultGOMAXPROCS()
		for range 10 {
			p.Note()
			time.Sleep(period / 2)
			synctest.Wait()
			if !p.awake.Load() {
				t.Fatal("messages flow without pulses")
			}
		}
		time.Sleep(3 * period)
		synctest.Wait()
		if p.awake.Load() || p.timer.Stop() {
			t.Error("nothing flows, and there are pulses")
		}
		if n := runtime.GOMAXPROCS(0); n != 3 {
			t.Errorf("%d processors, want the 3 that there were", n)
		}
		p.Stop()
	})
}

func TestNoPacer(t *testing.T) {
	var p *Pacer
	p.Note()
	p.Stop()
}

// A goroutine that keeps the processor makes others wait, and the meter sees it.
func TestMeter(t *testing.T) {
	before := new(meter).read()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for n := 0; new(meter).read().waits == before.waits; n++ {
		if n == 100 {
			t.Fatal("no wait was seen")
		}
		ran := make(chan struct{})
		go close(ran)
		for began := time.Now(); time.Since(began) < 2*longWait; {
		}
		<-ran
	}
	if after := new(meter).read(); after.cpu <= before.cpu {
		t.Errorf("CPU time went from %v to %v", before.cpu, after.cpu)
	}
}
