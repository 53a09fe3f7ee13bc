package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// boiler is a profile of a type that the tests have.
const boiler = `profile: boiler
of: tcp
products: [{brand: Acme, model: B7}]
example: {address: "boiler.lan:5000"}
params: {prefix: {doc: of ids, default: ""}}
defaults: {frame: {end: "\n"}}
points: [{id: '{{.prefix}}flow', match: '^F(\d+)$', unit: °C, class: temperature}]
`

// folderOf returns a folder with a configuration and a profile beside it.
func folderOf(t *testing.T, configuration, profile string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "profiles"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"gateway.yaml": configuration, "profiles/boiler.yaml": profile} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestProfiles(t *testing.T) {
	folder := folderOf(t, "", boiler)
	path := filepath.Join(folder, "gateway.yaml")
	listed := execute(t, "", "profiles", "--config", path)
	if listed.status != 0 || !strings.Contains(listed.stdout, "boiler") || !strings.Contains(listed.stdout, "Acme B7") || !strings.Contains(listed.stdout, "eastron-sdm630") {
		t.Errorf("profiles: %+v", listed)
	}
	if printed := execute(t, "", "profiles", "boiler", "--config", path); printed.stdout != boiler {
		t.Errorf("profiles boiler: %+v", printed)
	}
	if unknown := execute(t, "", "profiles", "boilr", "--config", path); unknown.status != 1 || unknown.stderr != "unknown profile \"boilr\"; did you mean boiler?\n" {
		t.Errorf("profiles boilr: %+v", unknown)
	}
}

func TestCheckProfile(t *testing.T) {
	for profile, says := range map[string]string{
		boiler: "is good\ntype tcp: 1 entities\n",
		strings.Replace(boiler, "unit: °C", "unit: kWh", 1):                 `boiler.yaml:7:53: points[0].unit: "kWh" does not fit the class`,
		strings.Replace(boiler, "example: {", "example: {silence: 1s, ", 1): "silence: unknown option; did you mean silent?",
		strings.Replace(boiler, "prefix", "silent", 2):                      "params.silent: is an option of the type",
		strings.Replace(boiler, "of: tcp", "of: tpc", 1):                    `unknown device type "tpc"`,
		strings.Replace(boiler, "^F", "F", 1):                               "warning: type tcp: points[0].match: \"F(\\\\d+)$\" may match in the middle",
		"profile: boiler\n":                                                 "boiler.yaml:1:1: of: missing",
	} {
		got := execute(t, "", "check", "--profile", filepath.Join(folderOf(t, "", profile), "profiles", "boiler.yaml"))
		if out := got.stdout + got.stderr; !strings.Contains(out, says) || (got.status == 0) != strings.Contains(out, "is good") {
			t.Errorf("%s\ngives %+v, want %s", profile, got, says)
		}
	}
}

// A device with a profile is checked and described like any other, and a fault is told where it is.
func TestDeviceWithProfile(t *testing.T) {
	const configuration = "devices:\n  - name: cellar\n    type: tcp\n    params:\n      profile: boiler\n      address: cellar.lan:5000\n      prefix: c_\n"
	path := filepath.Join(folderOf(t, configuration, boiler), "gateway.yaml")
	if got := execute(t, "", "check", "--config", path); got.status != 0 {
		t.Errorf("check: %+v", got)
	}
	if got := execute(t, "", "devices", "cellar", "--config", path); !strings.Contains(got.stdout, `"id": "c_flow"`) {
		t.Errorf("devices: %+v", got)
	}
	for _, row := range []struct{ configuration, profile, says string }{
		{configuration + "      points: [{id: c_flow, unit: kWh}]\n", boiler, "gateway.yaml:8:29: devices[0].params.points[0].unit: "},
		{configuration + "      points: [{id: c_flow, class: x}]\n", boiler, "gateway.yaml:8:29: devices[0].params.points[0].class: "},
		{strings.Replace(configuration, "cellar.lan:5000", "cellar", 1), boiler, "gateway.yaml:6:7: devices[0].params.address: "},
		{configuration, strings.Replace(boiler, "°C", "kWh", 1), "profiles/boiler.yaml:7:53: points[0].unit: "},
		{configuration, "profile: boiler\nof: udp\n", `gateway.yaml:5:7: devices[0].params.profile: "boiler" is for devices of type udp`},
	} {
		path := filepath.Join(folderOf(t, row.configuration, row.profile), "gateway.yaml")
		if got := execute(t, "", "check", "--config", path); got.status != 1 || !strings.Contains(got.stderr, row.says) {
			t.Errorf("check says %q, want %s", got.stderr, row.says)
		}
	}
}
