# Every target works from a bare machine that has git, make and Python 3.11 or newer: the virtual environment is
# built first, from the exact lock. `make PYTHON=/path/to/python3.12 test` chooses another interpreter.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench fix docs lock clean environment toolchains lint types contracts house pages

# The first interpreter that is new enough; `python3` itself is preferred.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && command -v "$$p" && exit; done; echo python3)
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
# One file of tests stays in one process, so that a fixture of a module is built once.
WORKERS ?= 2
TESTS ?=
PYTEST_ARGS ?=
BENCH ?=

export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: environment ## Run the whole story on an embedded node, verify it offline, write .demo/summary.json.
	@$(BIN)/python -m clients.demo

serve: environment ## The same, and leave the node running until it is interrupted.
	@$(BIN)/python -m clients.demo --serve

test: toolchains ## Run the whole test suite (TESTS=path and PYTEST_ARGS=... narrow it).
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS) $(TESTS)

check: environment ## Lint, types, import contracts, house rules, generated documentation.
	@$(MAKE) --no-print-directory --keep-going lint types contracts house pages

# The parts of `check`; each runs even when another one failed, so that one run shows everything.
lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy --strict ledger node api clients tests .ci

contracts:
	$(BIN)/lint-imports --no-logo

house:
	$(BIN)/python .ci/house.py

pages:
	$(BIN)/python .ci/generated_docs.py

bench: environment ## Run the benchmarks (BENCH=tree runs one), write .bench/<name>.json.
	@$(BIN)/python -m tests.benchmarks $(BENCH)

fix: environment ## Repair what ruff can repair, and format.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: environment ## Write the generated documentation anew.
	@$(BIN)/python .ci/generated_docs.py --write

lock: environment ## Resolve pyproject.toml into the two exact locks, keeping what still fits.
	@.ci/lock.sh

clean: ## Remove everything that was built, and nothing else.
	rm -rf .venv .demo .bench .cache .serve .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf build dist *.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

environment:
	@"$(PYTHON)" .ci/environment.py

toolchains:
	@"$(PYTHON)" .ci/environment.py --with-toolchains
