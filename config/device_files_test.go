package config

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
)

// Files that devices name are found beside the configuration, however deep in their options they stand, and nothing else is touched.
func TestDeviceFiles(t *testing.T) {
	dir := write(t, map[string]string{"bin/gw": "", "etc/pw": "swordfish", "etc/ca.pem": "", "work/token": "", "work/pw": ""})
	path := filepath.Join(dir, "etc", "gw.yaml")
	writeFile(t, path, `
mapping: {topics: [a]}
devices:
  - name: boiler
    type: http
    params: {base: pw, auth: {digest: me, password_file: pw}, tls: {ca_file: ca.pem}, list: [{bearer_file: token}, {key_file: none}, 1], empty_file: ""}
  - {name: plain, type: dummy}
`)
	if err := os.Chmod(filepath.Join(dir, "etc", "pw"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "etc", "ca.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := Load(Sources{Path: path, Program: filepath.Join(dir, "bin/gw"), WorkDir: filepath.Join(dir, "work")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"base": "pw", "auth": map[string]any{"digest": "me", "password_file": filepath.Join(dir, "etc/pw")},
		"tls":  map[string]any{"ca_file": filepath.Join(dir, "etc/ca.pem")},
		"list": []any{map[string]any{"bearer_file": filepath.Join(dir, "work/token")}, map[string]any{"key_file": "none"}, 1}, "empty_file": "",
	}
	if got := l.Config.Devices[0].Params; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := l.Config.Devices[1].Params; len(got) > 0 {
		t.Errorf("a device without options has %v", got)
	}
	exposed := "devices[0].params.auth.password_file: others can read " + filepath.Join(dir, "etc/pw") + " (mode 0644): want 0600, or 0640"
	if runtime.GOOS != "windows" && !reflect.DeepEqual(l.Warnings, []string{exposed}) {
		t.Errorf("warned of %q, want %q", l.Warnings, exposed)
	}
}
