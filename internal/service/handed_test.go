package service

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// One socket answers clients of each kind: those that speak HTTP, those that write a word, and those that say nothing.
func TestSocketSpeaksHTTP(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	g := newGateway()
	g.diff = Difference{Added: []string{"a"}}
	o := g.options()
	o.Socket = filepath.Join(t.TempDir(), "s")
	o.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/forever" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		io.Copy(w, r.Body)
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", o.Socket)
	}}}
	for range maxHanded + 1 {
		res, err := client.Post("http://gateway/", "text/plain", strings.NewReader("heard"))
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(res.Body); string(body) != "heard" {
			t.Fatalf("got %q", body)
		}
		res.Body.Close()
	}
	if got, err := Do(t.Context(), o.Socket, Diff); err != nil || !reflect.DeepEqual(got, g.diff) {
		t.Errorf("a request: %+v, %v", got, err)
	}
	if got, err := Ask(t.Context(), o.Socket); err != nil || !got.OK {
		t.Errorf("the health: %+v, %v", got, err)
	}
	silent, err := net.Dial("unix", o.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	silent.SetDeadline(time.Now().Add(10 * time.Second))
	if line, err := bufio.NewReader(silent).ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"ok":true`) {
		t.Errorf("who says nothing hears %q, %v", line, err)
	}
	res, err := client.Get("http://gateway/forever")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	stop()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("an answer that has no end has ended well")
	}
}

// Of too many clients that speak HTTP at once, the last are hung up on.
func TestTooManySpeakHTTP(t *testing.T) {
	h := newHanded()
	for range maxHanded {
		h.places <- struct{}{}
	}
	here, there := net.Pipe()
	h.take(here)
	if _, err := there.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v", err)
	}
}
