# Two commands do all set-up on a fresh machine: `make run` and `make test`.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
AWS_PORT ?= 5555
STAGE ?= dev
ADVANCE ?=
OFFICER ?= officer
LIMITS ?= off

.PHONY: help run test check format lint types words layers openapi token clock bench package deploy audit-verify orphans clean
.DEFAULT_GOAL := help

help: ## List what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: requirements.txt requirements-media.txt requirements-dev.txt infra/python.sh
	@python="$$(bash infra/python.sh)" || exit 1; \
	 echo "Installing into $(VENV) with $$($$python --version) ..." >&2; \
	 $$python -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt >&2 && touch $@

run: $(VENV)/.installed ## Start the whole system locally: no account, no Docker
	@PORT=$(PORT) AWS_PORT=$(AWS_PORT) LIMITS=$(LIMITS) exec $(BIN)/python -m infra.local.server

token: $(VENV)/.installed ## Print an access token: make -s token OFFICER=officer
	@PORT=$(PORT) $(BIN)/python -m infra.local.token $(OFFICER)

clock: $(VENV)/.installed ## Move the running stack's clock: make clock ADVANCE=5m
	@PORT=$(PORT) $(BIN)/python -m infra.local.clock $(ADVANCE)

test: $(VENV)/.installed ## Run all tests, and measure what they cover
	@COVERAGE_CORE=sysmon $(BIN)/python -m pytest -n auto --cov --cov-report=

format: $(VENV)/.installed ## Format the code
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

lint: $(VENV)/.installed
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(VENV)/.installed
	@$(BIN)/mypy

words: $(VENV)/.installed ## Count words that have a better one (STRICT=1: fail if one is left; FILES=...: show their lines)
	@$(BIN)/python -m tests.words $(if $(STRICT),--strict) $(FILES)

layers: $(VENV)/.installed
	@$(BIN)/lint-imports

openapi: $(VENV)/.installed ## Write the OpenAPI document (CHECK=1: only compare)
	@$(BIN)/python -m infra.openapi $(if $(CHECK),--check)

check: lint types layers package ## All that CI checks besides the tests
	@$(MAKE) --no-print-directory openapi CHECK=1

package: $(VENV)/.installed ## Build and verify what is deployed
	@$(BIN)/python -m infra.package

deploy: package ## Deploy to AWS: make deploy STAGE=dev
	@$(BIN)/python -m infra.deploy --stage $(STAGE)

bench: $(VENV)/.installed ## Measure, and write docs/benchmarks.md
	@$(BIN)/python -m tests.bench

audit-verify: $(VENV)/.installed ## Check the audit trail against its seals: of the local stack, or STAGE=prod
	@PORT=$(PORT) $(BIN)/python -m infra.audit_verify $(if $(filter-out file,$(origin STAGE)),--stage $(STAGE))

orphans: $(VENV)/.installed ## Look for what a deletion left behind: make orphans STAGE=dev (DELETE=1: delete it)
	@$(BIN)/python -m infra.orphans --stage $(STAGE) $(if $(DELETE),--delete)

clean: ## Remove what was built
	@rm -rf build .local
