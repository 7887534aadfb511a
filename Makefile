# Everything a newcomer needs: `make demo` and `make test`. Both make their own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
# For example: make test PYTEST="--forbid-skips", or PYTEST="-k lineage"
PYTEST ?=
# What `make regression` compares with.
BASE ?= HEAD~1
# Each of the processes has its own server.
JOBS ?= 2
# Files in the order of tests/conftest.py, which begins with those that take longest.
IN_PARALLEL := --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo test lint types check pytest bench regression golden record-release format clean

help:
	@echo "make demo    run a real training loop on the embedded PostgreSQL (about two minutes)"
	@echo "make test    set up and run everything: format, lint, types, tests on PostgreSQL 18 and 16"
	@echo "make check   only format, lint and types"
	@echo "make bench   the benchmarks behind the numbers in docs/"
	@echo "make regression  compare the speed of calls with the last commit's code (or BASE=...)"
	@echo "make golden  write the catalogs that the revisions lead to anew"
	@echo "make record-release  record the release about to be tagged, for the tests of later ones"
	@echo "make format  rewrite the code in the one format"
	@echo "make clean   remove the virtual environment and caches"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing hegel_store into $(VENV)"
	$(PIP) --editable '.[embedded,embeddings]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing hegel_store and its development tools into $(VENV)"
	$(PIP) --editable '.[embedded,embeddings,parquet,redis,events,metrics,tracing,dev]'
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	$(BIN)/hegel-store demo

test: check pytest

check: lint types

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.dev
	$(BIN)/mypy

pytest: $(VENV)/.dev
	$(BIN)/pytest $(IN_PARALLEL) --postgres 18 $(PYTEST)
	$(BIN)/pytest $(IN_PARALLEL) --postgres 16 -m "not any_server" $(PYTEST) \
		tests/integration tests/migrations tests/reliability

bench: $(VENV)/.dev
	for benchmark in tests/benchmarks/bench_*.py; do $(BIN)/python $$benchmark || exit 1; done

regression: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/regression.py --base $(BASE)

golden: $(VENV)/.dev
	$(BIN)/pytest --quiet --postgres 18 --write-golden tests/migrations/test_golden.py -k golden_one
	$(BIN)/pytest --quiet --postgres 16 --write-golden tests/migrations/test_golden.py -k golden_one

record-release: $(VENV)/.dev
	$(BIN)/python -m tests.migrations.record_release

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
