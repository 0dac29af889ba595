# Tocsin. Two commands are enough: `make run` and `make test`. Each does all of its own set-up in ./.venv and ./node_modules.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python
SETUP := .venv/.ready
SERVE ?= yes
# Rooms without a database: their tests run once, not once a database.
PURE := vocab text formats engine lake
LINES ?= 1000000
SEED ?= 1
PEERS := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help setup run test check format bench bench-match bench-instructions exact decisions fuzz screenshots lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(SETUP) ## the virtual environment, the native core, the console's assets; nothing outside this folder

$(SETUP): requirements-dev.lock pyproject.toml setup.py package-lock.json src/tocsin/engine/core.c $(wildcard src/tocsin/engine/*.h) $(shell find src -name '*.po')
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tocsin needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	@echo "· packages" && $(RUN) tools/locked.py uv requirements-dev.lock .venv/uv.lock \
	  && $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock \
	  && $(BIN)/uv pip sync --quiet --python $(RUN) --require-hashes requirements-dev.lock
	@echo "· Tocsin and its native core" && $(BIN)/uv pip install --quiet --python $(RUN) --no-build-isolation --no-deps --editable .
	@echo "· the console's assets" && $(RUN) -m tocsin.web.assets
	@touch $@

run: $(SETUP) ## the main job on a sample nation, then the console; FEEDS=… LOGS=… CONSTITUENCY=… for your own files; SERVE=no to stop after the result
	@$(RUN) -m sample.run --serve $(SERVE) $(if $(FEEDS),--feeds "$(FEEDS)") $(if $(LOGS),--logs "$(LOGS)") $(if $(CONSTITUENCY),--constituency "$(CONSTITUENCY)")

test: $(SETUP) ## everything that CI runs: format, lint, types, import contracts, tests on SQLite and on PostgreSQL
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports
	@$(BIN)/pytest -n auto --dist loadgroup
	@$(RUN) -m tests.postgres -- $(BIN)/pytest -n auto --dist loadgroup $(PURE:%=--ignore=tests/%)

check: test ## another name of test

format: $(SETUP) ## put the code into shape
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: bench-match ## benchmarks beside peers and physical limits, one table each
	@for program in attribution parse_shadowserver decisions stix_check; do echo "== $$program"; $(RUN) -m bench.$$program || exit 1; done

bench-match: $(SETUP) ## matching beside memcpy, Polars, hyperscan, grep and others; QUICK=yes in two minutes; PAGE=yes writes docs/run/speed.md
	@test -e $(PEERS)/.ready -a ! bench/peers.lock -nt $(PEERS)/.ready || { echo "· peers, in $(PEERS)" && $(BIN)/uv venv --quiet --clear --python $(RUN) $(PEERS) \
	  && $(BIN)/uv pip sync --quiet --python $(PEERS)/bin/python --require-hashes bench/peers.lock && touch $(PEERS)/.ready; } \
	  || { rm -rf $(PEERS); echo "· the peers cannot be installed here: their rows say so"; }
	@$(RUN) -m bench.match --peers $(PEERS)/bin/python $(if $(QUICK),--quick) $(if $(KEEP),--keep "$(KEEP)") $(if $(PAGE),--write-page)

bench-instructions: $(SETUP) ## what a byte of log costs in instructions, beside what is kept in bench/ (needs valgrind)
	@$(RUN) -m bench.instructions --check

exact: $(SETUP) ## the core beside the reference on a million adversarial lines; LINES=… SEED=… for more, or others
	@$(RUN) -m tests.engine.adversarial $(LINES) $(SEED)

decisions: $(SETUP) ## the one decision beside an independent oracle on a million cases; LINES=… SEED=… for more, or others
	@$(RUN) -m tests.agreements.differential $(LINES) $(SEED)

fuzz: $(SETUP) ## coverage-guided fuzzing of the native core under sanitizers, ten minutes a target; KEEP=yes keeps what reaches anything new
	@$(RUN) -m tests.engine.fuzz $(if $(KEEP),--keep)

screenshots: $(SETUP) ## the console in both languages, from the sample nation, into docs/screenshots
	@$(RUN) -m tests.browser.screenshots

lock: ## resolve the lock files anew (needs the package indexes)
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 bench/peers.in -o bench/peers.lock
	@npm install --package-lock-only --ignore-scripts --silent && $(RUN) tools/unaddressed.py package-lock.json

clean: ## forget everything that set-up and running made
	rm -rf .venv .venv-bench node_modules var build .mypy_cache .ruff_cache .pytest_cache .hypothesis
