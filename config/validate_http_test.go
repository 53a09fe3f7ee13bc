package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHTTP(t *testing.T) {
	dir := write(t, map[string]string{"cert": "", "key": "", "users": "", "token": ""})
	const base = ": want a path such as /gateway, which begins with / and does not end with one, of letters, digits and -._~"
	for _, row := range []struct{ yaml, want string }{
		{"{}", ""},
		{"{listen: '127.0.0.1:0'}", ""},
		{"{listen: ':8080'}", `http.listen: ":8080" lets in anybody from outside: want http.users_file or http.token_file too, or 127.0.0.1`},
		{"{listen: '192.0.2.1:0', users_file: users}", ""},
		{"{listen: '[::1]:0', hosts: [gateway.example.com, gateway]}", ""},
		{"{listen: '[::1]:0', hosts: ['gateway:80']}", "http.hosts[0]: "},
		{"{hosts: [gateway]}", "http.hosts: of no use without a server: want http.listen too"},
		{"{users_file: users}", "http.users_file: of no use without a server: want http.listen too"},
		{"{token_file: token}", "http.token_file: of no use without a server: want http.listen too"},
		{"{listen: ':8080', token_file: token, base_path: /a/b-c_1.0~, cert_file: cert, key_file: key}", ""},
		{"{listen: '8080'}", `http.listen: "8080" is no address: want host:port, such as 127.0.0.1:8080`},
		{"{listen: 'ho st:8080'}", `http.listen: "ho st:8080": `},
		{"{listen: '[::1]:8080', cert_file: cert}", "http.cert_file: want http.key_file too"},
		{"{listen: ':8080', key_file: key}", "http.key_file: want http.cert_file too"},
		{"{listen: ':8080', cert_file: nothing, key_file: key}", "http.cert_file: there is no file "},
		{"{base_path: /a}", "http.base_path: of no use without a server: want http.listen too"},
		{"{cert_file: cert, key_file: key}", "http.cert_file: of no use without a server: want http.listen too"},
		{"{listen: '[::1]:1', base_path: /a%2fb}", `http.base_path: "/a%2fb"` + base},
		{"{listen: '[::1]:1', base_path: '/a;b'}", `http.base_path: "/a;b"` + base},
		{"{listen: '[::1]:1', base_path: a}", `http.base_path: "a"` + base},
		{"{listen: '[::1]:1', base_path: /}", `http.base_path: "/"` + base},
		{"{listen: '[::1]:1', base_path: /a/}", `http.base_path: "/a/"` + base},
		{"{listen: '[::1]:1', base_path: /a/../b}", `http.base_path: "/a/../b"` + base},
		{"{listen: '[::1]:1', base_path: '/{a}'}", `http.base_path: "/{a}"` + base},
		{"{listen: '[::1]:1', base_path: '/a?b'}", `http.base_path: "/a?b"` + base},
	} {
		path := filepath.Join(dir, "gw.yaml")
		if err := os.WriteFile(path, []byte("mapping: {root: home, topics: [x]}\nhttp: "+row.yaml+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(Sources{Path: path, WorkDir: dir})
		if got := errorText(err); row.want == "" && got != "" || !strings.Contains(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.yaml, got, row.want)
		}
	}
}
