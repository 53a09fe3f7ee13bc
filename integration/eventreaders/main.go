// Command eventreaders is many readers of a gateway's events, in a process of their own: in that of the test they would hold up the
// messages that it times.
//
//	eventreaders URL COUNT MARK
//
// It says "ready" when each reader has got the tree. For each line on standard input with two numbers, it waits until each reader has
// got two events of each of the messages from the first number to before the second, and says how many events a reader has got, and by
// how much the latest of those came after its message, to the reader in the middle and to the last. The number of a message is what stands
// behind MARK. The command ends with standard input.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// patience is longer than an event may take.
const patience = 10 * time.Second

func main() {
	log.SetFlags(0)
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	readers := make([]*reader, count)
	var coming sync.WaitGroup
	for i := range readers {
		readers[i] = &reader{heard: make(map[int]int)}
		coming.Add(1)
		go func() {
			log.Fatalf("reader %d: %v", i, readers[i].read(os.Args[1], []byte(os.Args[3]), sync.OnceFunc(coming.Done)))
		}()
	}
	coming.Wait()
	fmt.Println("ready")
	for {
		var first, last int
		if _, err := fmt.Scan(&first, &last); err != nil {
			return
		}
		var late []time.Duration
		for i, r := range readers {
			latest, err := r.await(first, last)
			if err != nil {
				log.Fatalf("reader %d: %v", i, err)
			}
			late = append(late, latest)
		}
		slices.Sort(late)
		readers[0].mu.Lock()
		fmt.Printf("complete events=%d middle=%v last=%v\n", readers[0].events, late[len(late)/2], late[len(late)-1])
		readers[0].mu.Unlock()
	}
}

// reader reads all events, and looks among them for numbered messages.
type reader struct {
	mu     sync.Mutex // guards what follows
	events int
	missed string      // that it is told of
	heard  map[int]int // by the number of a message: how many events there were
	latest time.Duration
}

// read reads until the stream ends. It calls ready when the tree has come.
func (r *reader) read(url string, mark []byte, ready func()) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, ReadBufferSize: 64 << 10}}
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 16<<20)
	for name := ""; lines.Scan(); {
		line := lines.Bytes()
		if of, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
			name = string(of)
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		if name == "snapshot" {
			ready()
		}
		if err := r.see(name, data, mark); err != nil {
			return err
		}
	}
	return fmt.Errorf("the stream has ended: %w", lines.Err())
}

func (r *reader) see(name string, data, mark []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events++
	if name == "missed" {
		r.missed += string(data)
	}
	_, number, ok := bytes.Cut(data, mark)
	if !ok {
		return nil
	}
	_, at, _ := bytes.Cut(data, []byte(`"at":"`))
	when, _, _ := bytes.Cut(at, []byte(`"`))
	passed, err := time.Parse(time.RFC3339, string(when))
	if err != nil {
		return err
	}
	n := 0
	for _, c := range number {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	r.heard[n]++
	r.latest = max(r.latest, time.Since(passed))
	return nil
}

// await waits until the events of the messages from first to before last are there, and returns how late the latest of all was.
func (r *reader) await(first, last int) (time.Duration, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		lacks, missed, latest := r.state(first, last)
		switch {
		case missed != "":
			return 0, fmt.Errorf("is told that it has missed %s", missed)
		case lacks == 0:
			return latest, nil
		case time.Now().After(deadline):
			return 0, fmt.Errorf("lacks %d of %d messages", lacks, last-first)
		}
	}
}

func (r *reader) state(first, last int) (lacks int, missed string, latest time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := first; n < last; n++ {
		if r.heard[n] != 2 { // the command, and its answer
			lacks++
		}
	}
	return lacks, r.missed, r.latest
}
