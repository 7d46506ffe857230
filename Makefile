# Two commands are enough: `make run` and `make test`. `make` alone lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
BUILD ?= build
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run build test check fix bench bench-full clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.development: requirements.txt requirements-dev.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet -r requirements-dev.txt
	@touch $@

run: $(VENV)/.runtime ## Make the demo city if there is none, build it, open the dashboard on port 8501
	@[ -e city.toml ] || [ -e $(BUILD)/demo/city.toml ] || $(BIN)/python -m governance demo --out $(BUILD)/demo
	@$(BIN)/python -m governance build --if-needed --build-dir $(BUILD)
	@echo "The dashboard is starting on http://localhost:$(PORT) (stop it with Ctrl-C)"
	@GOVERNANCE_BUILD_DIR=$(BUILD) $(BIN)/streamlit run app.py --server.port $(PORT) --server.headless true

build: $(VENV)/.runtime ## Read the city's files and publish a new snapshot
	$(BIN)/python -m governance build --build-dir $(BUILD)

test: $(VENV)/.development ## Install what the tests need, a browser included, and run them all
	@bash tests/install_browser.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.development ## Lint, types and tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory test

fix: $(VENV)/.development ## Format, and mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.benchmarks: requirements.txt requirements-bench.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet -r requirements-bench.txt
	@touch $@

bench: $(VENV)/.benchmarks ## Measure builds and the join, and write the tables in docs/: five minutes
	$(BIN)/python -m benchmarks.build
	$(BIN)/python -m benchmarks.join

bench-full: $(VENV)/.benchmarks ## Measure the join against every peer, in all sizes: 45 minutes
	$(BIN)/python -m benchmarks.covers
	$(BIN)/python -m benchmarks.join --full

clean: ## Remove everything that was made (never your input)
	rm -rf $(BUILD) $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
