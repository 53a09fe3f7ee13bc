package users

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// swordfish is the hash of the password "swordfish" that mosquitto_passwd made.
const swordfish = "$7$101$aHGjKOylrge8jrgO$c14SMfLun/+L1993r0wFEkkuTwzCmRYx173z2gm+L352z4RqRvNZPDW5Crj1tzM4RcjaSQHzl1G4f5gOmWNWHg=="

func TestList(t *testing.T) {
	u, err := Parse([]byte("# who may\n\nme:pass:word\r\nyou:" + swordfish + "\n ä : x \n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"me", "you", " ä "}; !slices.Equal(u.Names(), want) {
		t.Errorf("names %q, want %q", u.Names(), want)
	}
	for _, tt := range []struct {
		name, password string
		want           bool
	}{
		{"me", "pass:word", true},
		{"me", "pass:word\r", false},
		{"me", "pass", false},
		{"me", "", false},
		{"you", "swordfish", true},
		{"you", swordfish, false},
		{"you", "pass:word", false},
		{" ä ", " x ", true},
		{"nobody", "pass:word", false},
		{"", "", false},
		{"gateway", "", false},
	} {
		if got := u.admits(tt.name, []byte(tt.password)); got != tt.want {
			t.Errorf("%q with %q: admitted %t, want %t", tt.name, tt.password, got, tt.want)
		}
	}
	if (List{}).admits("me", []byte("x")) {
		t.Error("nobody is somebody")
	}
}

func TestFaults(t *testing.T) {
	const hashed = `user "me": want a password that does not begin with $, or $7$… as mosquitto_passwd writes it`
	parts := strings.Split(swordfish, "$") // "", 7, iterations, salt and sum
	for _, tt := range []struct{ name, text, want string }{
		{"nobody", "# me:x\n", "nobody is in it: want lines of NAME:PASSWORD"},
		{"empty", "", "nobody is in it: want lines of NAME:PASSWORD"},
		{"no password", "me:\nyou\n:x\n", "line 1: want NAME:PASSWORD\nline 2: want NAME:PASSWORD\nline 3: want NAME:PASSWORD"},
		{"twice", "me:x\nme:y\n", `line 2: user "me" is there already`},
		{"no UTF-8", "me:\xff\n", "line 1: no UTF-8"},
		{"another hash", "me:$6$salt$sum\n", "line 1: " + hashed},
		{"iterations", "me:$7$x$" + parts[3] + "$" + parts[4], "line 1: " + hashed},
		{"no iterations", "me:$7$0$" + parts[3] + "$" + parts[4], "line 1: " + hashed},
		{"iterations for hours", "me:$7$1000000000$" + parts[3] + "$" + parts[4], "line 1: " + hashed},
		{"salt", "me:$7$101$*$" + parts[4], "line 1: " + hashed},
		{"no salt", "me:$7$101$$" + parts[4], "line 1: " + hashed},
		{"short sum", "me:$7$101$" + parts[3] + "$" + parts[3], "line 1: " + hashed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse([]byte(tt.text)); err == nil || err.Error() != tt.want {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

// The embedded broker accepts a file that mosquitto_passwd has hashed.
func TestFileOfMosquitto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	for i, user := range [][2]string{{"me", "first"}, {"you", "second"}} {
		args := []string{"-b", path, user[0], user[1]}
		if i == 0 {
			args = append([]string{"-c"}, args...)
		}
		if out, err := exec.Command("mosquitto_passwd", args...).CombinedOutput(); err != nil {
			t.Fatalf("mosquitto_passwd (apt-get install mosquitto): %v\n%s", err, out)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	u, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if !u.admits("me", []byte("first")) || !u.admits("you", []byte("second")) || u.admits("me", []byte("second")) {
		t.Error("the passwords of the file are not those that count")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("me:x\nyou:" + swordfish + "\n"))
	f.Add([]byte("me:$7$1$AA==$AA==\n#\n:\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		u, err := Parse(text)
		if err == nil && len(u.Names()) == 0 {
			t.Error("neither users nor an error")
		}
		for _, name := range u.Names() {
			if name == "" || strings.ContainsAny(name, ":\n") || u.hashes[name].sum == nil {
				t.Errorf("user %q", name)
			}
		}
	})
}

// A login takes the same time for every user and for an unknown name, whatever the numbers of iterations are.
func TestLoginsCostTheSame(t *testing.T) {
	parts := strings.Split(swordfish, "$")
	for text, want := range map[string]int{
		"me:x\nyou:" + swordfish:                      usualIterations,
		"me:x\nyou:$7$1$" + parts[3] + "$" + parts[4]: usualIterations,
		"me:x\nyou:$7$50000$" + parts[3] + "$" + parts[4] + "\nhim:$7$7000$" + parts[3] + "$" + parts[4]: 50000,
	} {
		u, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(u.Names(), "nobody", "") {
			if h, rest, _ := u.check(name); h.iterations+rest != want {
				t.Errorf("%q costs %d iterations, want %d", name, h.iterations+rest, want)
			}
		}
	}
}
