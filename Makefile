# dendmod: `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; \
	done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
STAMP := .venv/.stamp
DOCS_STAMP := .venv/.stamp-docs
EXCHANGE := .venv-exchange
EXCHANGE_STAMP := $(EXCHANGE)/.stamp
ARGS ?=
ML ?= yes
SPELLED := README.md CHANGELOG.md docs/*.md docs/records docs/reference docs/gallery docs/examples
ML_STAMP := $(if $(filter no,$(ML)),$(STAMP),.venv/.stamp-ml)

.DEFAULT_GOAL := help
.PHONY: help fig1 fig2 fig3 fig4 fig5 fig6 figS3 neuromodulation test test-slow test-exchange fuzz lint mechanisms bench crosscheck docs wheel clean tools

help: ## list the targets
	@grep -hE '^[A-Za-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /|/' \
	  | while IFS='|' read -r target what; do printf '  make %-15s %s\n' "$$target" "$$what"; done
	@echo
	@echo "  ARGS=...          options for the command, such as  make fig1 ARGS=--quick"
	@echo "  ML=no             go without PyTorch; the tests that need it are skipped"
	@echo "  PYTHON=...        the Python (3.11 or newer) that .venv is made from"

fig1: mechanisms ## reproduce Figure 1 of Wybo et al. 2022 into results/fig1
	$(BIN)/python -m dendmod.fig1 --out results/fig1 $(ARGS)

fig2: mechanisms ## reproduce Figure 2 of Wybo et al. 2022 into results/fig2
	$(BIN)/python -m dendmod.fig2 --out results/fig2 $(ARGS)

fig3: $(ML_STAMP) ## reproduce Figure 3 and S1 (gain-modulated networks) into results/fig3
	$(BIN)/python -m dendmod.fig3 --out results/fig3 $(ARGS)

fig4: $(ML_STAMP) ## reproduce Figure 4 and S2 (feedforward weights without tasks) into results/fig4
	$(BIN)/python -m dendmod.fig4 --out results/fig4 $(ARGS)

figS3: mechanisms $(ML_STAMP) ## reproduce Figure S3 (Boolean functions learned online) into results/figS3
	$(BIN)/python -m dendmod.figS3 --out results/figS3 $(ARGS)

fig5: mechanisms $(ML_STAMP) ## reproduce Figure 5 (images learned online) into results/fig5
	$(BIN)/python -m dendmod.fig5 --out results/fig5 $(ARGS)

fig6: $(ML_STAMP) ## reproduce Figure 6 and S4 (contrastive stacking) into results/fig6
	$(BIN)/python -m dendmod.fig6 --out results/fig6 $(ARGS)

neuromodulation: mechanisms ## from receptors to populations (Shine et al. 2021): fig1 to fig5
	for figure in fig1 fig2 fig3 fig4 fig5; do \
	  $(BIN)/python -m dendmod.neuromodulation $$figure --out results/neuromodulation/$$figure \
	    $(ARGS) || exit 1; \
	done

test: mechanisms $(ML_STAMP) ## run the tests that are not slow
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile $(ARGS)

test-slow: mechanisms $(ML_STAMP) ## run the tests that take more than 10 s each
	$(BIN)/python -m pytest -m slow -n auto --dist loadfile $(ARGS)

test-exchange: $(EXCHANGE_STAMP) ## test exported IO curves and cells in the programs that they are for
	$(EXCHANGE)/bin/python -m pytest tests/exchange -rs $(ARGS)

fuzz: mechanisms $(ML_STAMP) ## read 10,000 changed files by every reader; a stopped run goes on
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[nwb]' || echo "note: no pynwb, so no NWB"
	nice -n 15 $(BIN)/python -m tests.fuzz.run $(ARGS)

lint: $(ML_STAMP) ## check style (ruff) and types (mypy)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

mechanisms: tools $(STAMP) ## compile the mechanisms into the cache, once
	@$(BIN)/dendmod mechanisms build

bench: mechanisms ## measure speed, as ratios side by side in one run
	$(BIN)/python -m benchmarks.network $(ARGS)
	$(BIN)/python -m benchmarks.trial
	$(BIN)/python -m benchmarks.full_cell

crosscheck: mechanisms ## run one cell on every engine; ARGS="--arbor PYTHON --jaxley PYTHON" for these
	$(BIN)/python -m benchmarks.crosscheck --json results/crosscheck.json $(ARGS)

docs: mechanisms $(DOCS_STAMP) ## check the spelling, run the gallery, build docs/ into docs/_build
	$(BIN)/codespell $(SPELLED)
	$(BIN)/sphinx-build -q -W --keep-going docs docs/_build
	$(BIN)/python docs/links.py docs/_build
	@echo "open docs/_build/index.html"

wheel: $(STAMP) ## build the wheel, with its compiled C, and the source archive into dist/
	@$(PIP) install -c constraints.txt -e '.[wheel]'
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/python -m twine check --strict dist/*

clean: ## remove what was built here; results/ and the mechanism cache stay
	rm -rf .venv $(EXCHANGE) build dist docs/_build docs/auto_gallery .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find dendmod tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What the targets stand on. The tools are checked first, so that a missing one is named before
# anything else can fail; the stamps make a second call repeat nothing.
tools:
	@for tool in perl make g++; do \
	  command -v $$tool >/dev/null 2>&1 && continue; \
	  echo "error: $$tool was not found; NEURON needs it to compile mechanisms. Install it:" \
	    "apt-get install $$tool (Debian, Ubuntu), dnf install $${tool/g++/gcc-c++} (Fedora)," \
	    "xcode-select --install (macOS)." >&2; \
	  exit 1; \
	done
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: Python 3.11 or newer was not found$(if $(PYTHON), ($(PYTHON) is not one))." \
	    "Install it, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
	  exit 1; \
	}

$(STAMP): pyproject.toml constraints.txt | tools
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || \
	  { echo "making .venv with $(PYTHON)"; "$(PYTHON)" -m venv --clear .venv; }
	@echo "installing dendmod into .venv (about a minute)"
	@$(PIP) install -c constraints.txt -e '.[test,lint]'
	@touch $@

.venv/.stamp-ml: $(STAMP)
	@echo "installing PyTorch into .venv (minutes; ML=no goes without)"
	@$(PIP) install -c constraints.txt -e '.[ml]'
	@touch $@

# examples of the gallery need nwb, cluster and PyTorch; without PyTorch its example is shown, not run
$(DOCS_STAMP): $(ML_STAMP)
	@$(PIP) install -c constraints.txt -e '.[docs,nwb,cluster]'
	@touch $@

# An environment of its own: these programs are large, some are GPL, and their pins are not ours.
# NEST, TVB and pyNeuroML are not there for every platform: the tests of what is missing are skipped.
$(EXCHANGE_STAMP): pyproject.toml constraints-exchange.txt | tools
	@"$(PYTHON)" -m venv $(EXCHANGE)
	@echo "installing PyTorch, ONNX Runtime, NEST, TVB, pyNeuroML, Jaxley, Arbor and libsonata into $(EXCHANGE) (minutes)"
	@$(EXCHANGE)/bin/python -m pip --disable-pip-version-check --quiet install \
	  -c constraints-exchange.txt -e '.[test,exchange]'
	@for client in nest-simulator tvb-library pyneuroml jaxley arbor libsonata; do \
	  $(EXCHANGE)/bin/python -m pip --disable-pip-version-check --quiet install \
	    -c constraints-exchange.txt $$client || echo "note: $$client could not be installed"; \
	done
	@touch $@
