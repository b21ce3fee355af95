# Every verb makes ready what it needs (tools/bootstrap); nothing has to be installed by hand.
# DEMO_ARGS, SERVE_ARGS and TEST_ARGS are handed on:  make demo DEMO_ARGS=--once

PY := .venv/bin/python
CODE := $(wildcard src tests tools bench)
TEST_WORKERS ?= 2
export PYTHON

.PHONY: help demo serve test check fix bench crash crash-teeth fuzz lock
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

demo: ## publish a real clip to four sandbox platforms, with progress bars and receipts
	@tools/bootstrap runtime
	@.venv/bin/playout demo $(DEMO_ARGS)

serve: ## pages, API and worker on this machine
	@tools/bootstrap runtime
	@.venv/bin/playout serve $(SERVE_ARGS)

test: ## every test; warnings are errors
	@tools/bootstrap dev
	@tools/chromium
	@$(PY) -m pytest -n $(TEST_WORKERS) $(TEST_ARGS)

check: ## format, lint, types, who imports whom, sizes, docs
	@tools/bootstrap dev
	@$(PY) -m ruff format --check $(CODE)
	@$(PY) -m ruff check $(CODE)
	@$(PY) -m mypy $(CODE)
	@.venv/bin/lint-imports --no-logo
	@$(PY) tools/size_gate.py $(CODE)
	@$(PY) -m pytest -q tests/gates

fix: ## format, mend what ruff can mend, and write the reference pages anew
	@tools/bootstrap dev
	@$(PY) -m ruff format $(CODE)
	@$(PY) -m ruff check --fix $(CODE)
	@$(PY) tools/reference.py

bench: ## speed and memory, as ratios measured in one run
	@tools/bootstrap dev
	@$(PY) -m bench

crash: ## the whole crash table: kill it at every call and every commit
	@tools/bootstrap dev
	@$(PY) -m tests.crash all

crash-teeth: ## seed mistakes; the crash table must find each of them
	@tools/bootstrap dev
	@$(PY) -m tests.crash teeth

fuzz: ## 20,000 requests that schemathesis invents from our own OpenAPI document
	@tools/bootstrap dev
	@$(PY) -m tests.fuzz

lock: ## lock versions and hashes again, after a change of the dependencies
	@tools/bootstrap dev
	@tools/lock
