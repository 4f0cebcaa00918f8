# `make run` and `make test` need only make and Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8050

.DEFAULT_GOAL := help
.PHONY: help run test check format torture bench indexes docs screenshots clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/run.stamp ## make demo databases if there are none, say which are outdated, and serve on http://127.0.0.1:8050
	@ls dbs | grep -qiE '\.(db|sqlite3?)$$' || $(BIN)/python setup_db.py
	@$(BIN)/python setup_db.py --outdated
	$(BIN)/python app.py --host $(HOST) --port $(PORT)

test: $(VENV)/dev.stamp ## run the whole test suite; FAST=1: without browsers, kills and other slow tests
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m "not torture$(if $(FAST), and not browser and not kills and not slow)" -n 3 --dist worksteal

check: $(VENV)/dev.stamp ## lint, types, layers, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

format: $(VENV)/dev.stamp ## format the Python files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/dev.stamp ## write the generated parts of the documentation
	$(BIN)/python -m docs.generate

screenshots: $(VENV)/dev.stamp ## take the pictures of the README, docs/images; needs Chromium
	$(BIN)/python -m docs.screenshots

torture: $(VENV)/dev.stamp ## the long forms of the tests, and ten times as many random examples
	$(BIN)/python -m pytest -m "torture or hypothesis" --hypothesis-profile=thorough

bench: $(VENV)/run.stamp ## measure everything side by side; writes docs/performance.md
	$(BIN)/python -m bench

indexes: $(VENV)/run.stamp ## run the reports with and without each index; writes docs/indexes.md
	$(BIN)/python -m bench.indexes

clean: ## remove what was installed
	rm -rf $(VENV) .venv-bench

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; say make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
