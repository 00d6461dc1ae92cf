# make run    builds everything and starts Sockeye on http://127.0.0.1:9700
# make test   runs every test: Rust, console, browser, a real Kubernetes API server
# make check  format, lints, the map of the house, reference pages that say what the code says
# make bench  the figures of docs/performance.md, on this machine

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run

DATA ?= .data
TARGET := $(or $(CARGO_TARGET_DIR),target)
DEBUG_BIN := $(abspath $(TARGET)/debug/sockeye)
RELEASE_BIN := $(abspath $(TARGET)/release/sockeye)
export SOCKEYE_BIN ?= $(DEBUG_BIN)

.PHONY: run test check bench web packages-run packages-test
.PHONY: test-rust test-web test-browser test-cluster

run: packages-run web
	cargo build --release --package sockeye
	$(RELEASE_BIN) serve --data $(DATA) --admin-name "$${USER:-$$(id -un)}"

test: test-rust test-web test-browser test-cluster

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	cargo xtask layers
	cargo xtask tidy
	cargo xtask dependencies
	cargo test --quiet --locked --package sockeye --bin sockeye reference
	cargo test --quiet --locked --package server --test openapi

packages-run:
	.ci/packages run

packages-test:
	.ci/packages test

web/node_modules: web/package.json web/package-lock.json
	cd web && npm ci --no-fund --no-audit --loglevel=error
	touch web/node_modules

web: web/node_modules
	cd web && npm run --silent build

# The console is built first: a test fails if the server would embed its placeholder.
test-rust: packages-test web
	cargo test --workspace --locked --no-fail-fast

test-web: web/node_modules
	cd web && npm run --silent check && npm test --silent

# As `test-rust` builds it, so that nothing is compiled twice.
$(DEBUG_BIN): web
	cargo test --workspace --locked --no-run

test-browser: packages-test $(DEBUG_BIN)
	cd web && npm run --silent test:browser

test-cluster: packages-test $(DEBUG_BIN)
	e2e/cluster/test

bench:
	cargo build --release --package sockeye
	e2e/bench $(BENCH)
