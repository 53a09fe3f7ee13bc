package command

import (
	"os"
	"strings"
	"testing"
)

func TestCheckUsers(t *testing.T) {
	dir := folder(t, map[string]string{"users": "me\n", "good": "me:swordfish\n"})
	got := execute(t, "", "check", "--embedded.address", "0.0.0.0:1883", "--embedded.users_file", "users")
	if want := `--embedded.users_file: "` + dir + `/users": line 1: want NAME:PASSWORD` + "\n"; got.status != 1 || got.stderr != want {
		t.Errorf("a wrong file: got %+v, want %s", got, want)
	}
	got = execute(t, "", "check", "--embedded.address", "0.0.0.0:1883")
	if got.status != 1 || !strings.Contains(got.stderr, "lets in anybody from outside") {
		t.Errorf("no users: got %+v", got)
	}
	got = execute(t, "", "check", "--embedded.address", "0.0.0.0:1883", "--embedded.users_file", "good")
	if got.status != 0 || got.stderr != "" {
		t.Errorf("users: got %+v", got)
	}
	got = execute(t, "", "check", "--mqtt.broker", "wss://h/?token=swordfish", "--embedded.address", "127.0.0.1:0", "--embedded.users_file", "good",
		"--embedded.max_levels", "30", "--embedded.max_clients", "100")
	wants(t, "standard error", got.stderr,
		"warning: --embedded.address: of no use with the broker at wss://h/?******: want mqtt.broker: embedded\n",
		"warning: --embedded.users_file: of no use with the broker at wss://h/?******: want mqtt.broker: embedded\n",
		"warning: --embedded.max_levels: of no use with the broker at wss://h/?******: want mqtt.broker: embedded\n")
	if got.status != 0 || strings.Contains(got.stderr, "swordfish") || strings.Contains(got.stderr, "max_clients") {
		t.Errorf("another broker: got %+v", got)
	}
}

// The hint for newcomers contains a login, and the program warns once, at the start, if other users of the machine can
// read the users file.
func TestRunWithUsers(t *testing.T) {
	dir := folder(t, map[string]string{"users": "it's me:swordfish\n"})
	if err := os.Chmod("users", 0o644); err != nil {
		t.Fatal(err)
	}
	got := runUntil(t, "msg=subscribed", "--embedded.address", "127.0.0.1:0", "--embedded.users_file", "users")
	if got.status != 0 || strings.Contains(got.stdout+got.stderr, "swordfish") {
		t.Errorf("got %+v", got)
	}
	wants(t, "standard output", got.stdout, `-u 'it'\''s me' -P "$PASSWORD" -v -t`, "msg=connected")
	if n := strings.Count(got.stderr, "\n"); n != 1 {
		t.Errorf("%d complaints, want 1", n)
	}
	wants(t, "standard error", got.stderr, "others can read "+dir+"/users (mode 0644)")
}
