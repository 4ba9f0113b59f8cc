# Kept: every command a person needs. `make help` lists them.

SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed
export UV_PYTHON_DOWNLOADS := never

# An isolated practice: neither the database nor the vendors of a production .env are touched.
DEMO_ENV = ENVIRONMENT=demo REQUIRE_SECOND_FACTOR=false \
	DATABASE_URL="$${DEMO_DATABASE_URL:-sqlite:///var/demo.sqlite3}" \
	ENGAGEMENT_VENDOR="$${ENGAGEMENT_VENDOR:-relatient}" ENGAGEMENT_FOLDER="$${ENGAGEMENT_FOLDER:-}"

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench lock

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST)

setup: $(READY) ## make the environment in .venv

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Kept needs Python 3.11 or newer. Name one: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make an environment. On Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -c pass 2>/dev/null || { \
		echo ".venv is broken, perhaps moved from elsewhere. Remove it and try again: rm -r .venv"; exit 1; }
	@echo "Installing the locked packages into .venv ..."
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv || true
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt 2>/dev/null \
		|| $(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

demo: $(READY) ## run everything with simulated vendors on http://127.0.0.1:8000 (SECONDS=60 to stop by itself; ENGAGEMENT_VENDOR=folder: by files)
	$(DEMO_ENV) $(BIN)/python manage.py demo $(if $(SECONDS),--seconds $(SECONDS))

test: $(READY) ## run the tests on SQLite and on PostgreSQL (PYTEST_ARGS="-k audit"; EVERYTHING=1: all but the browser on both)
	$(BIN)/python tests/run.py $(PYTEST_ARGS)

check: export ENVIRONMENT := test
check: $(READY) ## format, lint, types, imports, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djade --target-version 5.2 --check $$(find templates -name '*.html')
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(READY) ## put code and templates into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djade --target-version 5.2 $$(find templates -name '*.html')

bench: $(READY) ## run the benchmarks
	ENVIRONMENT=test $(BIN)/python -m pytest -q -s tests/benchmarks

lock: $(READY) ## compile requirements.txt and requirements-dev.txt anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --quiet -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.txt --universal \
		--generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet -o requirements-dev.txt
