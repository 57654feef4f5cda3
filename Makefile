# "make" lists the targets. All paths are relative: the folder's own may have
# spaces in it.

SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Pinned tools. They run through "go run", and are no dependency of the module.
# ST1013 wants http.StatusServiceUnavailable for 503; a table of answers reads
# better in numbers.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2 -checks=inherit,-ST1013
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Most tests wait for servers and lifetimes: more of them at once than there are cores.
TESTFLAGS ?= -race -shuffle=on -timeout=4m -parallel=8
# Vet and staticcheck look at what the tests are built from: with the same -race,
# nothing is compiled twice.
RACE := $(filter -race,$(TESTFLAGS))
FUZZTIME ?= 1m
# A failing run prints its seed; 0 is a new one.
CHAOS_TIME ?= 30m
CHAOS_SEED ?= 0

# Every module of the repository, the main one first.
MODULES := $(shell find . \( -name node_modules -o -name testdata -o -name '.?*' \) -prune -o -name go.mod -print | sed 's|/go\.mod$$||' | sort)
# Every Go file, each ended by a NUL.
GOFILES := find . \( -name node_modules -o -name '.?*' \) -prune -o -name '*.go' -print0

# $(call each,command) runs the command in every module, and fails at the end
# when it failed in one of them.
each = status=0; for module in $(MODULES); do (cd "$$module" && $(1)) || { echo "$@: failed in $$module" >&2; status=1; }; done; exit $$status

##@ Every day

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: deps lint ## everything a change has to pass; what CI runs
	@go run ./scripts/testsum $(MODULES) -- -vet=off $(TESTFLAGS) ./...

.PHONY: fmt
fmt: ## format all Go files
	@$(GOFILES) | xargs -0 gofmt -l -w

.PHONY: lint
lint: format vet staticcheck tidy-check consumers-check ## the checks of "make test" that run no test

.PHONY: tidy
tidy: ## go mod tidy in every module
	@$(call each,go mod tidy)

.PHONY: quickstart
quickstart: ## run examples/quickstart, which needs nothing installed
	@cd examples/quickstart && go run .

.PHONY: login
login: ## run examples/login, the reference application
	@cd examples/login && go run .

##@ Now and then

.PHONY: matrix
matrix: ## the table of response paths, as the tests see it
	@set -o pipefail; go test ./middleware/... ./internal/rules -run 'TestMatrix' -v -count=1 | sed -E \
		-e '/^=== /d' -e '/^ *--- PASS/d' -e '/^PASS$$/d' -e '/no test(s to run| files)/d' \
		-e 's/^ *[A-Za-z0-9_]+_test\.go:[0-9]+: //' | \
		{ grep . || { echo 'no TestMatrix ran' >&2; exit 1; }; }

.PHONY: mutants
mutants: ## break the code in each way that docs/protocol.md forbids, and see a test fail (4 minutes)
	@go run ./scripts/mutants

.PHONY: bench
bench: ## benchmarks, beside their ceilings and peers
	@cd bench && go test -run='^$$' -bench=. -benchmem ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (1m)
	@FUZZTIME='$(FUZZTIME)' bash scripts/fuzz.sh $(MODULES)

.PHONY: consumers
consumers: ## what it costs to depend on this, measured into docs/dependencies.md
	@go run ./scripts/consumers -write

.PHONY: chaos
chaos: ## nodes, Postgres and Redis broken for CHAOS_TIME (30m); CHAOS_SEED runs one again
	@go test ./internal/chaos -run '^TestChaos$$' -v -count=1 -timeout 0 -chaos.time='$(CHAOS_TIME)' -chaos.seed='$(CHAOS_SEED)'

.PHONY: cover
cover: ## coverage of each package by its own tests, and of the root by those of internal/rules
	@$(call each,go test -cover ./...)
	@go test -cover -coverpkg=. . ./internal/rules

.PHONY: vuln
vuln: ## known vulnerabilities in what we depend on and call
	@$(call each,go run $(GOVULNCHECK) ./...)

##@ Parts of "make test"

.PHONY: deps
deps: ## install what the tests need, where that is possible
	@bash scripts/deps.sh

.PHONY: format
format: ## list Go files that are not formatted
	@files="$$($(GOFILES) | xargs -0 gofmt -l)" || exit 1; \
	if [ -n "$$files" ]; then printf 'not formatted (make fmt):\n%s\n' "$$files" >&2; exit 1; fi

.PHONY: vet
vet: ## go vet
	@$(call each,go vet $(RACE) ./...)

.PHONY: staticcheck
staticcheck: ## staticcheck, pinned
	@$(call each,go run -exec "env 'GOFLAGS=$(strip $(shell go env GOFLAGS) $(RACE))'" $(STATICCHECK) ./...)

.PHONY: tidy-check
tidy-check: ## fail where go.mod or go.sum is not tidy
	@$(call each,go mod tidy -diff)

.PHONY: consumers-check
consumers-check: ## fail where docs/dependencies.md no longer says what it costs
	@go run ./scripts/consumers -check
