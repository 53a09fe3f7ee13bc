package page

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/browser"
)

// pictures is where tests leave pictures of the page, for people; "": nowhere.
var pictures = flag.String("page.pictures", "", "folder for pictures of the page")

// chromium is the browser that all tests share.
var chromium *browser.Browser

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if chromium, err = browser.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer chromium.Close()
	return m.Run()
}
