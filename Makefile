# Every target that people and the gate use. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0
BIN := $(CURDIR)/.bin
GOLANGCI := $(BIN)/golangci-lint
GOLANGCI_VERSION := v2.15.0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# The race detector needs a C compiler; the program itself never does.
RACE := $(if $(shell command -v $${CC:-cc} 2>/dev/null),-race)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

build: ## build bin/conway, one static binary
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/conway ./cmd/conway
	@cp bin/conway bin/.conway && mv bin/.conway bin/conway # a file that was copied starts faster than one that was linked

run: build ## the cockpit
	bin/conway

drill: build ## a whole simulated incident; nothing leaves this machine
	bin/conway drill

test: ## every test but the end-to-end ones, shuffled, with the race detector where there is a C compiler
	CGO_ENABLED=$(if $(RACE),1,0) go test $(RACE) -shuffle=on ./...
	go test ./internal/ui -run '^TestHonesty$$' # a hundred thousand frames, too slow with the detector

e2e: build ## the real binary in tmux against real and faithful servers
	CONWAY_BIN=$(CURDIR)/bin/conway CONWAY_LOKI=$${CONWAY_LOKI:-$(wildcard $(BIN)/loki)} \
	  go test -tags e2e -count=1 -timeout 15m ./internal/e2e/...

loki: ## build a real Loki into .bin for the end-to-end tests, which takes about ten minutes on two cores
	cd internal/e2e/lokiserver && go build -ldflags '-s -w' -o $(BIN)/loki github.com/grafana/loki/v3/cmd/loki

honesty: ## draw a million frames of random faults, and look in each for a lie
	go test ./internal/ui -run '^TestHonesty$$' -v -timeout 30m -frames 1000000

golden: ## rewrite the golden files, then show what changed
	go test ./internal/ui -update
	git --no-pager diff --stat -- '*.golden'

# How long keys are pressed for each latency; what is to be claimed needs 60s.
KEYS ?= 8s

bench: build ## print the measured figures, each beside its reference in the same run
	CONWAY_BIN=$(CURDIR)/bin/conway go test -tags e2e -run '^$$' -bench . -benchtime 1x -timeout 30m ./internal/e2e -keys $(KEYS)
	go test -run '^$$' -bench . -benchmem ./internal/...

flood: build ## logs of 100,000 lines a second for a minute, from one file and from five: prints where every line went
	CONWAY_BIN=$(CURDIR)/bin/conway go test -tags e2e -count=1 -v -timeout 15m -run '^TestFlood$$' ./internal/e2e -flood 60s

bench-parquet: ## the search of a log lake on a real S3 server, beside DuckDB; needs a C compiler
	CONWAY_BIN=/bin/true go test -tags e2e -run '^$$' -bench Parquet -benchtime 1x -timeout 20m ./internal/e2e/

sim: ## play as many simulated nights as fit ten minutes, 100,000 at most, and print the counts
	go test ./internal/feed -run 'TestSimulation$$' -count=1 -v -timeout 30m -sim.seeds 100000 -sim.minutes 10

kill: ## kill a process at every point of its writing to the ledger, and print the counts
	go test ./internal/ledger -run '^TestKill' -count=1 -v -timeout 120m -kill.full

powerloss: ## cut the power under 100,000 simulated ledgers, and print the counts
	go test ./internal/ledger -run '^TestPowerLoss' -count=1 -v -timeout 120m -powerloss.seeds 100000

corpus: build ## hostile text in every field, in three terminals: prints what was looked at
	@set -o pipefail; { \
	  go test -tags e2e -count=1 -v -timeout 30m -run 'Attack|Cluster|Cut|TmuxWidths|Agree|Ordinary|Scripts|NothingElse|Public' ./internal/text/... ./internal/ui/gate && \
	  CONWAY_BIN=$(CURDIR)/bin/conway go test -tags e2e -count=1 -v -timeout 30m -run '^TestCorpus' ./internal/e2e -corpus; } \
	  | grep -E '^(---|FAIL|ok|panic)|corpus:|_test.go'

# How long each fuzzer runs.
FUZZTIME ?= 60s

fuzz: ## run every fuzzer for FUZZTIME each
	@for p in $$(grep -rlE '^func Fuzz' --include=*_test.go internal | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$p/*_test.go | cut -c6-); do \
	    echo "$$p $$f"; go test ./$$p -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) || exit 1; done; done

cover: ## test coverage by package
	go test -cover ./...

$(GOLANGCI):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

tools: $(GOLANGCI) ## install the linter into .bin

lint: tools ## the house rules: style, size, and the arrows between packages
	$(GOLANGCI) run ./...

fmt: tools ## format
	$(GOLANGCI) fmt ./...

fmt-check: tools
	$(GOLANGCI) fmt --diff ./...

tidy-check:
	go mod tidy -diff

generate: build ## the generated parts: the key table in the README, the screenshot in docs
	go run ./internal/ui/keymap/keytable README.md
	$(MAKE) --no-print-directory screenshot

generate-check: ## fails when the README's key table is stale
	go run ./internal/ui/keymap/keytable -check README.md

screenshot: build ## render docs/cockpit.svg from the program's own frame
	bin/conway drill --frame docs/cockpit.svg --size 150x42

# The page as a browser draws it; Chromium's own sandbox refuses root.
report-picture: ## render docs/report.png from the report of the worked example; needs chromium
	chromium --headless --disable-gpu $(if $(filter 0,$(shell id -u)),--no-sandbox) --hide-scrollbars --window-size=760,1040 \
	  --blink-settings=preferredColorScheme=1 --screenshot=$(CURDIR)/docs/report.png "data:text/html;base64,$$(base64 -w0 internal/report/testdata/page.html.golden)"

check: fmt-check tidy-check generate-check lint test ## all that must pass before a commit

clean: ## remove what was built
	rm -rf bin dist .bin

.PHONY: help build run drill test e2e loki golden bench flood bench-parquet sim kill powerloss corpus fuzz cover tools lint fmt fmt-check tidy-check generate generate-check screenshot report-picture check clean
