package complaints

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestComplaints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		c := New(slog.New(slog.NewTextHandler(&said, nil)))
		for i := range 110 {
			c.Note("refused", "user", "me\nlevel=ERROR", "n", i)
			time.Sleep(99 * time.Millisecond)
		}
		c.Note("cut off", "remote", "1.2.3.4:5")
		time.Sleep(time.Hour)
		c.Note("refused", "user", "you")
		c.Note("refused", "user", "him")
		c.Close()
		c.Note("refused", "user", "too late")
		c.Close()
		got := strings.Split(strings.TrimSpace(said.String()), "\n")
		want := []string{
			`level=WARN msg=refused user="me\nlevel=ERROR" n=0`,
			`level=WARN msg=refused user="me\nlevel=ERROR" n=101 more=101`,
			`level=WARN msg="cut off" remote=1.2.3.4:5`,
			`level=WARN msg=refused user="me\nlevel=ERROR" n=109 more=8`,
			`level=WARN msg=refused user=you`,
			`level=WARN msg=refused user=him more=1`,
		}
		if len(got) != len(want) {
			t.Fatalf("said\n%s", said.String())
		}
		for i := range want {
			if !strings.HasSuffix(got[i], want[i]) {
				t.Errorf("line %d: got %s\nwant %s", i, got[i], want[i])
			}
		}
	})
}
