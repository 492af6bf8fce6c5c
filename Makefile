# Everything a developer types. Needs make, any Node.js from 20 on, and npm; npm brings the Node.js that we run on.
# Run `make` for the list.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

installed := node_modules/.package-lock.json

.PHONY: help install tools demo test check bench fuzz mutation build generate format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(installed): package.json package-lock.json
	npm ci --loglevel=error || npm install --no-save --loglevel=error
	@touch $@

install: $(installed) ## Install npm dependencies (done by the other targets when needed)

tools: ## Install the programs that tests use and npm does not have (as root; else say what is missing)
	@scripts/install-test-tools.sh

demo: $(installed) ## Start a small MCP server with the gateway in front, with tokens and lines to paste
	@bin/portcullis demo $(ARGS)

test: $(installed) tools ## All checks and all tests
	npm run --silent check
	npm run --silent test

check: $(installed) ## Formatting, types, import table, dead code, generated files
	npm run --silent check

bench: $(installed) tools ## Measure against nginx on this machine
	npm run --silent bench

fuzz: $(installed) ## Run the property tests with many more cases (FUZZ_RUNS=20000)
	npm run --silent fuzz

mutation: $(installed) ## Change the security code at random and see whether a test notices
	npm run --silent mutation

build: $(installed) ## Build what is published, into dist/
	npm run --silent build

generate: $(installed) ## Write schemas and reference pages again
	npm run --silent generate

format: $(installed) ## Format the code
	biome check --write .

clean: ## Remove everything that can be made again
	rm -rf node_modules dist coverage reports test-artifacts .cache .stryker-tmp
