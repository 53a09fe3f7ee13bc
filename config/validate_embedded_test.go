package config

import (
	"path/filepath"
	"testing"
)

func TestEmbeddedBroker(t *testing.T) {
	const (
		open  = " lets in anybody from outside: want embedded.users_file too, or 127.0.0.1"
		shape = " is no address: want host:port, such as 127.0.0.1:1883"
	)
	tests := []struct{ address, alone, withUsers string }{
		{"127.0.0.1:1883", "", ""},
		{"127.8.9.1:0", "", ""},
		{"[::1]:1883", "", ""},
		{"localhost:1883", "", ""},
		{"0.0.0.0:1883", open, ""},
		{":1883", open, ""},
		{"[::]:1883", open, ""},
		{"192.0.2.1:1883", open, ""},
		{"localhost.example:1883", open, ""},
		{"127.0.0.1", shape, shape},
		{"", shape, shape},
		{"127.0.0.1:mqtt", `: port "mqtt": want 1 to 65535, or 0 for a free one`, `: port "mqtt": want 1 to 65535, or 0 for a free one`},
		{"127.0.0.1:65536", `: port "65536": want 1 to 65535, or 0 for a free one`, `: port "65536": want 1 to 65535, or 0 for a free one`},
	}
	dir := write(t, map[string]string{"users": "me:x\n"})
	for _, tt := range tests {
		t.Run(tt.address, func(t *testing.T) {
			for users, want := range map[string]string{"": tt.alone, "users": tt.withUsers} {
				if want != "" {
					want = `--embedded.address: "` + tt.address + `"` + want
				}
				flags := map[string]string{"embedded.address": tt.address, "embedded.users_file": users}
				l, err := Load(Sources{WorkDir: dir, Flags: flags})
				if got := errorText(err); got != want {
					t.Errorf("users %q: got %q, want %q", users, got, want)
				}
				if users != "" && l.Config.Embedded.UsersFile != filepath.Join(dir, "users") {
					t.Errorf("users in %s", l.Config.Embedded.UsersFile)
				}
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
