# Everything that is done to redpoll more than once. `make` alone lists it.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run build test test-canary test-ws test-metrics test-fast bench lint check web web-check setup clean

# Where .ci/setup.sh puts a Node.js if the system's is too old.
export PATH := $(CURDIR)/bin/nodejs/node_modules/.bin:$(PATH)

VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# What `make bench` runs: make bench BENCH=Parse COUNT=6
BENCH ?= .
COUNT ?= 1

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' Makefile

run: ## start redpoll with the demo shop
	go run ./cmd/redpoll --demo

build: ## build bin/redpoll
	go build -trimpath -ldflags '-X github.com/prometheus/common/version.Version=$(VERSION)' -o bin/redpoll ./cmd/redpoll

# With CI set, a test that needs another program fails where it would skip.
test: setup check web-check ## run all checks and tests, after installing what they need
	CI=true go test -race ./...

test-canary: ## run the few tests that notice most faults
	go test -run Canary ./...

test-ws: ## run the tests of WebSocket matters
	go test -run WS ./...

test-metrics: ## run the tests of metrics
	go test -run Metrics ./...

test-fast: ## run the quick tests of pure code
	go test -run Fast ./...

bench: ## run the benchmarks (BENCH=pattern, COUNT=repetitions)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

lint: ## run golangci-lint if it is installed, else the checks of `make test`
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else .ci/check.sh; fi

check: ## check format, vet, staticcheck and known vulnerabilities
	.ci/check.sh

web: web/node_modules/.package-lock.json ## build the dashboard into web/dist
	go generate ./web

web-check: web/node_modules/.package-lock.json ## check the dashboard's types, tests and that web/dist is fresh
	npm --prefix web run check
	npm --prefix web test
	go run ./internal/webbuild -check

# npm writes this file last, so it tells whether node_modules is complete.
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci
	@touch $@

setup: ## install what the tests need (Debian, Ubuntu)
	.ci/setup.sh

clean: ## remove what was built here; the database stays
	rm -rf bin web/node_modules
