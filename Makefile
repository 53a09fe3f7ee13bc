# make test    everything, with the race detector, and what is used where Linux isn't; installs mosquitto, socat, snmpd, rtl-433, pymodbus, nut-server, chromium and npm where they are missing
# make check   format, vet for each platform, linters, import directions, tidy modules, licenses
# make build   the program, as ./gateway
# make licenses  THIRD_PARTY_LICENSES anew, after modules have changed
# make docs    docs/devices anew, after the options, texts or examples of types have changed
# make bench   what messages and devices cost, beside plain clients; writes bench/RESULTS.md

GOLANGCI := v2.15.0
AXE      := 4.14.1
TOOLS    := $(CURDIR)/.tools
# Debian keeps mosquitto where only root looks.
export PATH := $(PATH):/usr/sbin
SUDO     := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# What the program and its tests must compile for.
PLATFORMS := linux darwin windows freebsd

.PHONY: all build test check docs licenses fuzz bench mosquitto axe

all: check test

build:
	go build -o gateway ./cmd/gateway

test: mosquitto axe
	go test -race -timeout 15m ./...
	go test -race -tags portable ./devices/kit/serial

check: $(TOOLS)/golangci-lint
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	@for os in $(PLATFORMS); do echo "GOOS=$$os go vet ./..."; GOOS=$$os go vet ./... || exit 1; done
	$(TOOLS)/golangci-lint run
	go mod tidy -diff
	go mod verify
	@go run ./internal/licenses | cmp -s - THIRD_PARTY_LICENSES || \
		{ echo "THIRD_PARTY_LICENSES is not what is linked now: make licenses"; exit 1; }

docs:
	go run ./cmd/gateway docs docs/devices

licenses:
	@new=$$(mktemp) && go run ./internal/licenses > "$$new" && cat "$$new" > THIRD_PARTY_LICENSES; status=$$?; rm -f "$$new"; exit $$status

# Each fuzz target for a while: make fuzz FUZZTIME=5m
FUZZTIME ?= 30s
fuzz:
	@grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$$file"); do \
			echo "$$file $$target"; \
			go test "./$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x || exit 1; \
		done; \
	done

# Under five minutes. On a machine that does something else as well the ratios scatter.
bench: mosquitto
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
		go test -run '^$$' -bench 'Client|Codec|Decode|Encode|Relay|Find|Route|Through|Emit' -benchmem -benchtime 100ms -count 5 \
			./bench ./mapping ./actors ./actors/routing > "$$dir/benchmarks.txt" && \
		go run ./bench/relay > "$$dir/relay.md" && \
		go run ./bench/size -rest 20s > "$$dir/size.md" && \
		go run ./bench/summary "$$dir/benchmarks.txt" "$$dir/relay.md" "$$dir/size.md" > "$$dir/RESULTS.md" && \
		mv "$$dir/RESULTS.md" bench/RESULTS.md

# The tests run against a real broker, and use its clients; the tutorial plays a serial line by socat, and snmpd is an SNMP agent. Programs
# are rtl_433, which needs no radio for the codes that it is given, and one in Python. Modbus slaves are pymodbus, of Debian's own Python; Network UPS Tools have a
# UPS that is none. The page is tested in a chromium.
mosquitto:
	@{ command -v mosquitto && command -v mosquitto_pub && command -v socat && command -v snmpd && command -v rtl_433 && command -v chromium && command -v npm && /usr/bin/python3 -c 'import pymodbus, serial_asyncio' && test -x /lib/nut/upsd; } >/dev/null 2>&1 || \
		{ $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends mosquitto mosquitto-clients socat snmpd rtl-433 python3 python3-pymodbus python3-serial-asyncio nut-server chromium npm; } >/dev/null || \
		{ echo "please install mosquitto, mosquitto-clients, socat, snmpd, rtl-433, python3, python3-pymodbus, python3-serial-asyncio, nut-server, chromium and npm: the tests need them"; exit 1; }

$(TOOLS)/golangci-lint: Makefile
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@touch $@

# axe-core finds what people can't use who don't see the page, or have no mouse. Only tests have it.
axe: $(TOOLS)/axe-core/axe.min.js

$(TOOLS)/axe-core/axe.min.js: Makefile | mosquitto
	@mkdir -p $(@D)
	cd $(@D) && npm pack --silent axe-core@$(AXE) && tar -xzf axe-core-$(AXE).tgz --strip-components 1 package/axe.min.js && rm axe-core-$(AXE).tgz
	@touch $@
