# Everything a newcomer needs: make demo, make test. Needs Python 3.11 to 3.13 and make.
PYTHON ?= python3
VENV ?= .venv
UV_VERSION := 0.13.9
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up

# Not /bin/sh, which make would do without where it can: what macOS' make starts itself
# it does not look for along the PATH below.
SHELL := sh

# One place for all runs, also for `mlflow run`, which would start its own.
export MLFLOW_TRACKING_URI ?= sqlite:///$(CURDIR)/mlruns/mlflow.db
export MLFLOW_EXPERIMENT_NAME ?= agegender
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo test test-all check format docs bench ui floors pins clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(STAMP)  ## Make .venv with agegender and all its tools

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; here = sys.version_info; \
	  sys.exit(None if (3, 11) <= here < (3, 14) else "Python 3.11, 3.12 or 3.13 is " \
	  "needed, $(PYTHON) is %d.%d. Name one: make PYTHON=python3.13" % here[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install -r requirements-dev.txt
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## Walk the whole road once, on drawn faces
	mlflow run . --env-manager local

# A file's tests share what took long to make. Two processes take about 4 GB.
test: setup  ## Run the tests
	pytest --numprocesses logical --maxprocesses 4 --dist loadfile

test-all: setup  ## Run also the tests marked slow and browser
	pytest -m "not gpu"

check: setup  ## Lint, types, import contracts, spelling
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	codespell
	python docs/cli_reference.py --check

format: setup  ## Let ruff format and mend
	ruff check --fix .
	ruff format .

docs: setup  ## Write docs/cli.md anew from the help texts
	python docs/cli_reference.py

bench: setup  ## Measure, side by side
	python -m benchmarks

ui: setup  ## Open the MLflow UI on this project's runs
	@python -c "from agegender.tracking import pages, store; store.use_tracking_store(); \
	  print('runs:  ', pages.experiment_page('http://127.0.0.1:5000', store.use_experiment())); \
	  print('models:', pages.model_page('http://127.0.0.1:5000'))"
	mlflow ui --backend-store-uri "$(MLFLOW_TRACKING_URI)"

floors: setup  ## Run the tests with the oldest packages that pyproject.toml admits
	uv venv --allow-existing --python 3.11 $(VENV)-floors
	VIRTUAL_ENV="$(CURDIR)/$(VENV)-floors" uv pip install --resolution lowest-direct --editable . --group dev
	PATH="$(CURDIR)/$(VENV)-floors/bin:$$PATH" $(VENV)-floors/bin/pytest --numprocesses logical --maxprocesses 4 --dist loadfile

pins: setup  ## Compile requirements*.txt anew from pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.txt pyproject.toml --group dev -o requirements-dev.txt

clean:  ## Remove .venv and caches
	rm -rf $(VENV) $(VENV)-floors .pytest_cache .ruff_cache .mypy_cache
