# `make demo` and `make test` work as the first command of a fresh clone: all they want is Python 3.11+ and make.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for name in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
# Where torch should come from, as options of pip: an index with builds for CPU only saves gigabytes on Linux.
TORCH_FROM ?=
# Processes for the suite: nearly twice as fast on two idle cores; JOBS=1 where the machine has other work.
JOBS ?= 2
INPUTS := pyproject.toml constraints.txt
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt

.PHONY: help demo test lint bench clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=python3.12 chooses the interpreter, TORCH_FROM='--index-url URL' where torch comes from, JOBS=1 the test processes."

demo: $(VENV)/.base ## Climb on real text with a real backbone (the first time: set-up, about a minute)
	@$(BIN)/rung demo

# A file goes to one process, in the files' own order: what a module makes once, two processes would make twice.
test: $(VENV)/.dev ## The whole suite
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev ## ruff, format, mypy, import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.bench ## Every bench, quickly, one after another
	@set -e; for file in bench/*.py; do \
		[ "$$file" = bench/harness.py ] || { echo "== $$file"; $(BIN)/python "$$file" --quick; }; done

clean: ## Remove everything that was made here, .venv too
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Rung wants Python 3.11 or newer; none is on the PATH. Name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) lacks the module venv. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# torch goes first and alone, so that nothing that follows can choose another build of it.
$(VENV)/.base: $(INPUTS) | $(VENV)/bin/python
	@echo "Installing Rung and what it stands on (a minute or two)"
	@$(PIP) $(TORCH_FROM) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "Installing the tools of the suite"
	@$(PIP) -e '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.base
	@echo "Installing the peers that the benches measure"
	@$(PIP) -e '.[bench]'
	@touch $@
