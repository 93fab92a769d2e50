# Verdictory's tasks. `make run` and `make test` need Go, Node with npm, git and make; they fetch the rest themselves.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
# gRPC comes with OTLP's messages. Without its debugging pages, whose templates look methods up by name, the linker may drop
# the methods that nobody calls: a quarter of the binary.
TAGS    := grpcnotrace
TOOL    := go tool -modfile=tools/go.mod
REPORTS := build/reports
IMAGE   ?= verdictory
export DOCKER_BUILDKIT := 1

.PHONY: help run build assets test lint unit coverage setup test-delivery image login push deploy smoke backup restore lint-delivery notify bench screenshots fuzz clean

help: ## show the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build and start everything on http://127.0.0.1:8080 with SQLite in ./data
	@./verdictory up

build: assets ## build the one static binary, ./verdictory
	CGO_ENABLED=0 go build -tags $(TAGS) -trimpath -ldflags '$(LDFLAGS)' -o verdictory .

assets: static/vendor/htmx.min.js ## install htmx from npm, by its lock file's integrity, into static/vendor

static/vendor/htmx.min.js: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	mkdir -p static/vendor
	cp node_modules/htmx.org/dist/htmx.min.js $@

setup: ## install what tests need: PostgreSQL, Chromium (apt; names what is missing where it may not)
	@scripts/setup

test: setup assets lint unit coverage ## everything that CI runs, reports under build/reports

lint: assets ## formatting, vet, staticcheck, the project's own lints
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt -w these files:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./... && go vet -tags delivery ./delivery
	$(TOOL) staticcheck ./... && $(TOOL) staticcheck -tags delivery ./delivery

unit: assets ## all tests with the race detector, on SQLite and PostgreSQL and in Chromium
	@rm -rf build/cover && mkdir -p build/cover/unit build/cover/binary $(REPORTS)
	CGO_ENABLED=0 go build -tags $(TAGS) -cover -covermode=atomic -coverpkg=./... -o build/verdictory-cover .
	VERDICTORY_COVER_BINARY=$(CURDIR)/build/verdictory-cover VERDICTORY_COVER_DIR=$(CURDIR)/build/cover/binary \
	  $(TOOL) gotestsum --format pkgname-and-test-fails --junitfile $(REPORTS)/junit.xml -- \
	  -race -timeout 10m -cover -covermode=atomic ./... -args -test.gocoverdir=$(CURDIR)/build/cover/unit

coverage: ## merge the coverage of unit and integration tests, write the reports, fail under 100 %
	@scripts/coverage

test-delivery: assets ## build, run, deploy, provision and break the real thing, with all that this needs installed first
	@scripts/delivery-setup
	@mkdir -p $(REPORTS)
	$(TOOL) gotestsum --format testname --junitfile $(REPORTS)/junit-delivery.xml -- -tags delivery -count 1 -timeout 40m -p 1 ./delivery

image: ## build the image $(IMAGE):$(VERSION) of all four services
	docker build $(if $(GO_IMAGE),--build-arg GO_IMAGE) $(if $(NODE_IMAGE),--build-arg NODE_IMAGE) $(if $(GOPROXY),--build-arg GOPROXY) \
	  --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) --tag $(IMAGE):$(VERSION) .

login: ## log docker in at the registry that IMAGE names: REGISTRY_USER and REGISTRY_PASSWORD from the environment
	@scripts/registry-login $(IMAGE)

push: ## push the image to the registry that IMAGE names
	docker push $(IMAGE):$(VERSION)

deploy: ## deploy the image to the Swarm that docker speaks to, and wait until it serves or is rolled back
	@VERDICTORY_IMAGE=$${VERDICTORY_IMAGE:-$(IMAGE):$(VERSION)} scripts/deploy

smoke: ## try a deployed stack: make smoke URL=https://verdictory.example
	@scripts/smoke $(URL)

backup: ## dump the running stack's database now
	@scripts/backup-now

restore: ## restore a dump of the running stack: make restore FILE=verdictory-….dump
	@scripts/restore $(FILE)

lint-delivery: ## lint what delivers: Ansible's roles and playbooks, the Jenkinsfile
	@scripts/lint-provisioning
	@scripts/lint-jenkinsfile

notify: ## tell a chat how a build of main ended: NOTIFY_URL and NOTIFY_RESULT from the environment
	@scripts/notify

board: ## write docs/board.md as CSV and JSON into build/board
	@scripts/board

bench: build ## measure the figures of docs/performance.md
	@scripts/bench

screenshots: build ## make the pictures of docs/screenshots anew
	@scripts/screenshots

fuzz: ## run each fuzz target for a while: make fuzz FOR=60s
	@scripts/fuzz $(or $(FOR),10s)

clean: ## remove what was built
	rm -rf build verdictory static/vendor node_modules
