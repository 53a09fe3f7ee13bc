package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
)

// Each command has a help that shows its use. The help of run lists each option of the configuration. No line is too
// long.
func TestHelp(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		t.Run(cmd.Name(), func(t *testing.T) {
			got := execute(t, "", cmd.Name(), "--help")
			if got.status != 0 || got.stderr != "" || !strings.Contains(got.stdout, "Usage:\n  "+programName()+" "+cmd.Name()) {
				t.Errorf("got %+v", got)
			}
			for _, f := range config.Flags() {
				wants := cmd.Name() == "run" || f.Key == "health.socket" && slices.Contains([]string{"health", "inspect", "top", "reload", "diff"}, cmd.Name())
				if lists := strings.Contains(got.stdout, "      --"+f.Key+" "); lists != wants {
					t.Errorf("lists --%s: %t", f.Key, lists)
				}
			}
			for line := range strings.Lines(got.stdout) {
				if len([]rune(line)) > helpWidth+5 { // pflag does not wrap a short last word
					t.Errorf("%d characters: %s", len([]rune(line)), line)
				}
			}
		})
	}
}

func TestCompletion(t *testing.T) {
	tests := map[string]struct {
		args []string
		want []string // lines
		not  string
	}{
		"commands":           {[]string{"tr"}, []string{"translate\tTranslate messages between MQTT and internal words"}, "run"},
		"options":            {[]string{"run", "--mqtt.recon"}, []string{"--mqtt.reconnect.max\tthe longest wait there is; 1ms to 24h"}, "--mqtt.broker"},
		"types of device":    {[]string{"run", "--device", ""}, []string{"dummy", "raw", ":4"}, ""},
		"the same, migrate":  {[]string{"migrate", "x.conf", "--device", ""}, []string{"dummy", ":4"}, ""},
		"levels":             {[]string{"run", "--log.file.level", ""}, []string{"debug", "none", ":4"}, ""},
		"formats":            {[]string{"run", "--log.format", ""}, []string{"auto", "text", "json", ":4"}, ""},
		"transports":         {[]string{"run", "--mqtt.transport", ""}, []string{"direct", "paho", ":4"}, ""},
		"yes or no":          {[]string{"run", "--mqtt.clean_session", ""}, []string{"true", "false", ":4"}, ""},
		"brokers":            {[]string{"run", "--mqtt.broker", ""}, []string{"tcp://", "embedded", ":6"}, ""},
		"configurations":     {[]string{"run", "--config", ""}, []string{"yaml", "conf", ":8"}, ""},
		"old configurations": {[]string{"migrate", ""}, []string{"conf", ":8"}, "yaml"},
		"files":              {[]string{"run", "--mapping.file", ""}, []string{":0"}, ""},
		"no files":           {[]string{"run", "--mqtt.qos", ""}, []string{":4"}, ""},
		"no arguments":       {[]string{"explain", ""}, []string{":4"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := execute(t, "", append([]string{"__complete"}, tt.args...)...)
			for _, want := range tt.want {
				if !strings.Contains("\n"+got.stdout, "\n"+want+"\n") {
					t.Errorf("lacks %q", want)
				}
			}
			if got.status != 0 || tt.not != "" && strings.Contains(got.stdout, tt.not) {
				t.Errorf("status %d, want 0, and without %q", got.status, tt.not)
			}
			if t.Failed() {
				t.Log(got.stdout)
			}
		})
	}
}
