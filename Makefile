# Two commands from a fresh clone: `make demo` shows farm at work, `make test` proves it.

# The first interpreter on the path that is new enough; override with PYTHON=/path/to/python.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)
BIN := .venv/bin
# Extra arguments for pytest: make test ARGS="-k settings -x"
ARGS ?=
# Test processes; most of a browser test is waiting, so twice the cores is not too many.
JOBS ?= 4

.DEFAULT_GOAL := help
.PHONY: help ready demo test long check docs bench soak night clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target text; \
	do printf '  make %-8s %s\n' "$$target" "$$text"; done

ready: ## Create .venv, install farm into it, find or install a browser
	@test -n "$(PYTHON)" || { echo "farm needs python 3.11 or newer on the PATH." >&2; exit 2; }
	@$(PYTHON) tools/bootstrap.py

demo: ready ## Twelve prompts through two real browser sessions, on the stand-in
	@$(BIN)/farm demo

test: ready ## Run every test but the long ones
	@$(BIN)/python -m pytest -n $(JOBS) -m "not long" $(ARGS)

long: ready ## Run those: outages of minutes, a night of deaths, rarer ways to be hurt
	@$(BIN)/python -m pytest -n 2 -m long $(ARGS)

check: ready ## Style, types, architecture and documents
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python tools/docs.py --check
	@$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_public_api.py tests/test_docs.py

docs: ready ## Write docs/settings.md and docs/cli.md anew
	@$(BIN)/python tools/docs.py

bench: ready ## Measure the budgets and the ratios against the seeds' recipe
	@$(BIN)/python -m bench

soak: ready ## Work under random deaths for SOAK_MINUTES (20): totals exact, memory flat
	@$(BIN)/python -m bench.soak $(ARGS)

night: ready ## 120 prompts, three accounts, one limited, one signed out, everything hurt
	@$(BIN)/python -m bench.soak --night $(ARGS)

clean: ## Remove what make made; profiles, downloads and farm.db stay
	rm -rf .venv build dist demo .mypy_cache .ruff_cache .pytest_cache .coverage htmlcov *.egg-info
	find farm tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +
