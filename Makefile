# Everything here works from a fresh clone with Python 3.11 or newer; see deploy/bootstrap.py.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: run test check bench screenshots help

run: ## Start everything in demo mode: http://127.0.0.1:8080
	@$(PYTHON) deploy/bootstrap.py
	@exec .venv/bin/family-dispatch up --demo

test: ## Run every check and test, and say what they ran against
	@$(PYTHON) deploy/bootstrap.py --dev
	@exec .venv/bin/python tests/run.py

check: ## Run the quick part of `make test`: style, types, layers, unit and property tests
	@$(PYTHON) deploy/bootstrap.py --dev
	@exec .venv/bin/python tests/run.py --quick

bench: ## Run the benchmarks, each beside its peer
	@$(PYTHON) deploy/bootstrap.py --dev
	@exec .venv/bin/python tests/bench/run.py

screenshots: ## Take the pictures of docs/ru anew
	@$(PYTHON) deploy/bootstrap.py --dev
	@exec .venv/bin/python -m tests.browser.pictures

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
