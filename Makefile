# Everything runs from this folder in .venv, which the first target that needs it creates from the hashed lock.
# Variables: PYTHON=python3.12 (the interpreter .venv is made with), TIEOUT_WAREHOUSE_URL (a Postgres of your own),
# TIEOUT_STATE_DIR (where the embedded Postgres and Dagster keep their state), JOBS (test workers), ARGS (passed on).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2
ARGS ?=
PYTHON ?= $(shell bin/find-python)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --progress-bar off --disable-pip-version-check --no-warn-script-location

# What .env sets is set for everything started from here.
-include .env
export $(shell test -f .env && sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env)

# Nothing phones home: not dbt, Dagster, Great Expectations, marimo, and not the update checks of the command lines.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := 1
export DAGSTER_DG_UPDATE_CHECK_ENABLED := 0
export GX_ANALYTICS_ENABLED := false
export MARIMO_SKIP_UPDATE_CHECK := 1
export PYTHONUTF8 := 1

.PHONY: help demo dev close-page notebook docs test test-faults test-spark lint format bench bench-recon engines setup setup-dev setup-spark lock test-matrix stop clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## build a sample company, tie out its month and print the close summary
	@$(BIN)/tieout demo $(ARGS)

dev: setup ## open the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/tieout dev $(ARGS)

close-page: setup ## write the close summary of the last month as a page and say where it is
	@$(BIN)/tieout close page $(ARGS)

notebook: setup ## open the analyst's tour of the marts as an app
	@$(BIN)/marimo run notebooks/analyst_tour.py $(ARGS)

docs: setup ## write the models' documentation as one static page into docs/site
	@$(BIN)/python bin/build_docs.py $(ARGS)

test: setup-dev ## run the whole test suite, the fast tests first
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

test-faults: setup-dev ## break loads in every way there is: minutes that make test does not spend
	@$(BIN)/python -m pytest -n $(JOBS) -m "long or not long" tests/faults $(ARGS)

test-spark: setup-dev setup-spark ## the tests that need Spark: minutes that make test does not spend
	@$(BIN)/python -m pytest -n 0 -m long $(ARGS) tests/e2e/test_days_on_spark.py tests/e2e/test_spark_behind_thrift.py \
		tests/e2e/test_days_from_the_lake.py tests/conformance/test_rating_cases_on_spark.py

lint: setup-dev ## check style, types, SQL, the arrows between rooms, and what no file may say
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python bin/check_files.py
	@$(BIN)/python bin/check_portable.py
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/tests

format: setup-dev ## rewrite Python files in the one format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: setup-dev ## measure against plain SQL and write docs/benchmarks.md
	@$(BIN)/python -m bench $(ARGS)

bench-recon: setup-dev ## plant faults in ten companies and score what the controls raise
	@$(BIN)/python -m bench --part recon $(ARGS)

engines: setup ## build the usage chain on DuckDB and a Spark cluster of this machine, and compare every row with Postgres
	@export TIEOUT_STATE_DIR=$(CURDIR)/build/engines/state; \
	$(BIN)/python -m orchestration.engines --sample $(ARGS) && ended=0 || ended=$$?; $(BIN)/tieout down; exit $$ended

setup-spark: $(VENV)/.spark ## add Spark (needs Java 17) and its dbt adapter to .venv

setup: $(VENV)/.runtime ## create .venv with what running needs

setup-dev: $(VENV)/.dev ## add what testing and linting need to .venv

stop: setup ## stop the embedded Postgres
	@$(BIN)/tieout down

# Wheels with known hashes only; --no-deps because the lock is complete, --no-compile because bytecode is cheaper when first used.
$(VENV)/.runtime: requirements.lock pyproject.toml
	@test -x $(BIN)/python || { echo "Creating $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing requirements.lock (about two minutes the first time)"
	@$(PIP_INSTALL) --no-deps --no-compile --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing requirements-dev.lock"
	@$(PIP_INSTALL) --no-deps --no-compile --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.spark: $(VENV)/.runtime requirements-spark.lock
	@echo "Installing requirements-spark.lock (half a gigabyte)"
	@$(PIP_INSTALL) --no-deps --no-compile --require-hashes -r requirements-spark.lock
	@touch $@

lock: ## resolve both locks again from pyproject.toml (needs uv)
	@bin/lock

test-matrix: ## run the tests on every supported Python this machine has
	@bin/test-matrix $(ARGS)

clean: ## remove .venv and what building left here; the warehouse stays
	@rm -rf $(VENV) build *.egg-info docs/site dbt_project/target dbt_project/logs .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
