# The commands of the README. Each makes .venv if there is none; a sentinel named after the requirements' checksum
# makes the installation happen again only when they change.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help app test check format bench fuzz shipped chromium lock clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FUZZED := fits votable hdf5 netcdf parquet ecsv delimited mrt ipac snana zip whole
sum = $(shell cat $(1) | cksum | cut -d' ' -f1)
APP := .venv/.installed-app-$(call sum,requirements.txt pyproject.toml)
DEV := .venv/.installed-dev-$(call sum,requirements.txt requirements-dev.txt pyproject.toml)

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

app: $(APP) ## open the app in the browser
	$(BIN)/streamlit run app.py

# One process a core keeps neither idle: what compiles and trains uses one for most of its time.
test: $(DEV) chromium ## run every test
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# Compiled modules are kept whatever the environment says: every child that a test starts would compile its own.
check: export PYTHONDONTWRITEBYTECODE :=
check: $(DEV) ## format, lint, types, imports and the fast tests
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/lint-imports --no-logo
	$(BIN)/pyright & types=$$!; \
	$(BIN)/pytest -q -n 2 -m "not slow and not browser and not tool" $(ARGS); \
	wait $$types

format: $(DEV) ## format and mend what the linter can mend
	$(BIN)/ruff check --fix --quiet || true
	$(BIN)/ruff format

bench: $(DEV) ## compare speed and accuracy with reference samplers
	$(BIN)/python benchmarks/reference.py
	$(BIN)/python benchmarks/simulators.py
	$(BIN)/python benchmarks/scaling.py

fuzz: $(DEV) ## throw broken files at every container, LIMIT=600 seconds each
	$(PIP) install "atheris>=3.0" || echo "atheris does not install here: the fuzzer of tests/fuzz mutates by itself"
	for name in $(FUZZED); do $(BIN)/python -m tests.fuzz.containers $$name --seconds $(or $(LIMIT),600); done

shipped: $(DEV) ## make the examples and flows that ship with the package anew
	$(BIN)/python -m astro_sbi.runs.shipped

lock: | .venv/bin/python ## pin what pyproject.toml's ranges resolve to (newest: make lock UPGRADE=--upgrade)
	@$(PIP) install uv
	compile() { $(BIN)/python -m uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --annotation-style line \
	    --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE) "$$@"; }; \
	compile --output-file requirements.txt pyproject.toml && \
	compile --output-file .venv/tools.txt --constraint requirements.txt --group dev && \
	{ echo "-r requirements.txt"; sed -E 's/ *# via.*//' .venv/tools.txt; } > requirements-dev.txt

clean: ## remove the virtual environment and every cache beside the code
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A working interpreter of a version the pins have wheels for; a newer one only when there is no other.
.venv/bin/python:
	@works() { "$$1" -c "import sys; sys.exit(not $$2)" >/dev/null 2>&1; }; \
	for python in python3 python3.11 python3.12 python3.13; do \
	    if works $$python "(3, 11) <= sys.version_info < (3, 14)"; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ] && works python3 "sys.version_info >= (3, 11)"; then found=python3; fi; \
	if [ -z "$${found:-}" ]; then \
	    echo "astro_sbi needs Python 3.11 or newer, and there is none called python3, python3.11, python3.12 or python3.13 here." >&2; exit 1; \
	fi; \
	echo "making .venv with $$($$found --version)"; \
	$$found -m venv --clear .venv || { rm -rf .venv; \
	    echo "$$found could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(APP): | .venv/bin/python
	@echo "installing requirements.txt into .venv (once, a minute or two)"
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	@$(PIP) install -r requirements.txt
	@$(PIP) --quiet install --no-deps -e .
	@rm -f .venv/.installed-app-*; touch $@

$(DEV): | .venv/bin/python
	@echo "installing requirements-dev.txt into .venv (once, a minute or two)"
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	@$(PIP) install -r requirements-dev.txt
	@$(PIP) --quiet install --no-deps -e .
	@rm -f .venv/.installed-*; touch $(APP) $@

chromium: $(DEV)
	@.ci/chromium
