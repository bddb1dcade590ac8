# dendmod: `make help` lists the targets
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
ARGS ?=
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help fig1 test test-slow lint mechanisms bench docs clean tools

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

tools:
	@for tool in perl make g++; do command -v $$tool >/dev/null 2>&1 || { \
	  echo "error: $$tool was not found; NEURON needs it to compile mechanisms." \
	       "Install it: apt-get install $$tool (Debian), dnf install $${tool/g++/gcc-c++} (Fedora)," \
	       "xcode-select --install (macOS)" >&2; exit 1; }; done
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer was found;" \
	  "install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }

$(STAMP): pyproject.toml constraints.txt | tools
	test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c constraints.txt -e '.[test,lint]'
	@touch $@

mechanisms: tools $(STAMP) ## compile the mechanisms into the cache (once)
	@$(BIN)/dendmod mechanisms build

fig1: mechanisms ## reproduce Figure 1 of Wybo et al. 2022 into results/fig1 (ARGS=--quick)
	$(BIN)/python -m dendmod.fig1 $(ARGS)

test: mechanisms ## fast tests and one end-to-end
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile $(ARGS)

test-slow: mechanisms ## the slow tests
	$(BIN)/python -m pytest -m slow -n auto --dist loadfile $(ARGS)

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: mechanisms ## speed, as ratios side by side in one run
	$(BIN)/python -m benchmarks.trial $(ARGS)

docs: $(STAMP) ## build the pages into docs/_build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	$(BIN)/sphinx-build -q -W docs docs/_build

clean: ## remove what was built here (the mechanism cache and results stay)
	rm -rf .venv build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
