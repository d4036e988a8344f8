# Everything a developer types; `make` alone lists it. What is made goes into .venv and is made again only when
# pyproject.toml or constraints.txt has changed.

PYTHON ?= python3
# So many tests at once, twice what two cores have since many of them wait; those in a browser keep both busy.
JOBS ?= 4
BROWSERS ?= 2
BIN := .venv/bin
# The first name pins what is installed and, for older versions of pip, what it is built with; the second is for newer.
PIP := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(BIN)/python -m pip --disable-pip-version-check

# Every program that a test starts would compile all of Placet anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-all check bench crash screenshots constraints clean
.DELETE_ON_ERROR:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/.runtime ## install and serve the demonstration on 127.0.0.1:8080; PLACET_PORT takes another port
	@exec $(BIN)/placet serve --demo

test: check ## all checks, and all tests on SQLite and PostgreSQL, those in a browser on SQLite; JOBS=4 for four at a time
	@tests/install_postgres.sh
	@tests/install_browser.sh
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup
	@$(BIN)/python -m pytest tests/browser -n $(BROWSERS)

test-all: test ## that, and the tests in a browser on PostgreSQL
	@BROWSER_DATABASE=postgresql $(BIN)/python -m pytest tests/browser -n $(BROWSERS)

check: .venv/.dev ## formatting, lint, types and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: .venv/.dev ## measure speed beside a bare handler
	@$(BIN)/python benchmarks/run.py

crash: UNKNOWN = $(filter-out SEED=% SECONDS=% DATABASE=% NODES=% PYTHON=%,$(MAKEOVERRIDES))
crash: .venv/.dev ## break nodes and databases under load and look for what is lost; SEED= SECONDS= DATABASE= NODES=
	$(if $(UNKNOWN),$(error make crash knows no $(UNKNOWN); it takes SEED= SECONDS= DATABASE= NODES=))
	@tests/install_postgres.sh
	@$(BIN)/python -m tests.crash.kit $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) \
	    $(if $(DATABASE),--database $(DATABASE)) $(if $(NODES),--nodes $(NODES))

screenshots: .venv/.dev ## renew the pictures of the console in docs/images
	@tests/install_browser.sh
	@$(BIN)/python -m tests.browser.screenshots

constraints: ## renew constraints.txt: the newest versions that pyproject.toml admits
	@rm -rf build/constraints
	@$(PYTHON) -m venv build/constraints
	@build/constraints/bin/python -m pip --disable-pip-version-check install -qq -e '.[dev]' hatchling editables
	@{ printf '# %s\n' 'Every version that Placet is built, run and tested with; pyproject.toml has the ranges that it works with.' \
	    'Renewed by `make constraints`, which resolves them afresh in an empty environment; then `make test`.'; \
	    build/constraints/bin/python -m pip --disable-pip-version-check freeze --exclude-editable; } >build/constraints.txt
	@mv build/constraints.txt constraints.txt
	@rm -rf build/constraints

clean: ## remove .venv, caches and build output; databases stay
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.created:
	@command -v $(PYTHON) >/dev/null || \
	    { echo "There is no program $(PYTHON): install Python 3.11 or later, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), Placet needs 3.11 or later: install it and name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "$(PYTHON) has no module venv: install it (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: .venv/.created pyproject.toml constraints.txt
	@echo "Installing Placet into .venv …"
	@$(PIP) install -qq -e .
	@touch $@

.venv/.dev: .venv/.created pyproject.toml constraints.txt
	@echo "Installing Placet and its tools into .venv …"
	@$(PIP) install -qq -e '.[dev]'
	@touch $@ .venv/.runtime
