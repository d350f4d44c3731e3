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
# What `make contract` reads: another document can be tried before the routes declare it.
DOCUMENT ?= chalicelib/handlers/openapi.json
CONTRACT := tests/contract
NODE := $(CONTRACT)/typescript/node_modules
# Neither asks whether there is a newer one, nor says home what it was used for.
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true

.PHONY: help run test check format lint types words layers openapi contract contract-lint contract-typescript contract-python \
        contract-fuzz token clock bench package deploy audit-verify orphans clean
.DEFAULT_GOAL := help

help: ## List what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: requirements.txt requirements-media.txt requirements-dev.txt infra/python.sh infra/install.sh
	@bash infra/install.sh $(VENV) && touch $@

# What reads the OpenAPI document as a client's maker would; the lock file says which versions.
$(NODE)/.installed: $(addprefix $(CONTRACT)/typescript/,package.json package-lock.json .npmrc)
	@command -v npm >/dev/null || { echo "The contract checks need Node.js 20.19 or later with npm: install it." >&2; exit 1; }
	@echo "Installing into $(NODE) with Node.js $$(node --version) ..." >&2; \
	 cd $(CONTRACT)/typescript && npm ci --silent >&2 && touch node_modules/.installed

run: $(VENV)/.installed ## Start the whole system locally: no account, no Docker
	@PORT=$(PORT) AWS_PORT=$(AWS_PORT) LIMITS=$(LIMITS) exec $(BIN)/python -m infra.local.server

token: $(VENV)/.installed ## Print an access token: make -s token OFFICER=officer
	@PORT=$(PORT) $(BIN)/python -m infra.local.token $(OFFICER)

clock: $(VENV)/.installed ## Move the running stack's clock: make clock ADVANCE=5m
	@PORT=$(PORT) $(BIN)/python -m infra.local.clock $(ADVANCE)

test: $(VENV)/.installed ## Run all tests
	@$(BIN)/python -m pytest -n auto

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

contract: contract-lint contract-typescript contract-python contract-fuzz ## Check the OpenAPI document as a contract

check: contract

contract-lint: $(NODE)/.installed
	@$(NODE)/.bin/redocly lint --config $(CONTRACT)/typescript/lint.yaml $(DOCUMENT)

contract-typescript: $(NODE)/.installed
	@cd $(CONTRACT)/typescript && rm -rf generated \
	 && node_modules/.bin/openapi-typescript $(abspath $(DOCUMENT)) --output generated/api.ts \
	 && node_modules/.bin/openapi-ts --input $(abspath $(DOCUMENT)) --output generated/client \
	      --client @hey-api/client-fetch --no-log-file \
	 && failed=0; \
	 for project in tsconfig.json tsconfig.client.json; do \
	   node_modules/.bin/tsc --project $$project || failed=1; \
	 done; \
	 node untyped.mjs generated/api.ts generated/client/types.gen.ts || failed=1; exit $$failed

contract-python: $(VENV)/.installed
	@$(BIN)/python -m tests.contract.python_client --document $(DOCUMENT)

contract-fuzz: $(VENV)/.installed
	@$(BIN)/python -m tests.contract.fuzz --document $(DOCUMENT)

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
