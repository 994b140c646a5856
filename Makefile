# Everything a fresh machine needs: `make run` and `make test`. Both set up what they need and may be repeated.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test search fuzz lint format bench clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run ## Run the gate: embedded mailbox, status page, no mail server needed
	$(BIN)/sluis serve

test: $(VENV)/.dev lint ## Lint, type-check and test
	$(BIN)/pytest -n auto

search: $(VENV)/.dev ## Look for cases that break the invariants, for as long as it takes
	$(BIN)/pytest -n auto --hypothesis-profile=search $$(grep -rl '^@given' tests)

SECONDS_EACH ?= 600
fuzz: $(VENV)/.fuzz ## Fuzz each target for SECONDS_EACH, from its corpus
	for target in $$(ls tests/fuzz/corpus); do $(BIN)/python -m tests.fuzz $$target $(SECONDS_EACH) || exit; done

lint: $(VENV)/.dev ## Lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure beside the peers, and keep the figures in docs/benchmarks.md
	$(BIN)/python -m benchmarks

clean: ## Remove what the commands above have made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist

# What is installed depends on pyproject.toml alone, so a second run installs nothing.
$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.run

$(VENV)/.fuzz: $(VENV)/.dev
	$(BIN)/pip install --quiet --editable '.[dev,fuzz]'
	touch $@
