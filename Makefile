# Bare `make` lists the targets. Every target sets up what it needs in .venv, by pip.

PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check --quiet
INSTALL = $(PIP) install --no-compile --constraint constraints.txt

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/runtime  ## draw the lecture example into demo/, print its derivatives and their check
	.venv/bin/scalargrad demo --output demo

test: .venv/development  ## run the whole test suite
	.venv/bin/python -m pytest

check: .venv/development  ## lint and type-check
	.venv/bin/ruff check .
	.venv/bin/mypy

gallery: .venv/development  ## draw every example and every plot, in every style, theme and format, into gallery/
	.venv/bin/python tests/gallery.py gallery

bench: .venv/development  ## measure speed and memory against real peers, side by side
	.venv/bin/python tests/benchmarks/engine.py
	.venv/bin/python tests/benchmarks/networks.py
	.venv/bin/python tests/benchmarks/students.py
	.venv/bin/python tests/benchmarks/grading.py

notebooks: .venv/development  ## run the notebooks (none yet)
	@find notebooks -name '*.py' -exec .venv/bin/python {} \;

clean:  ## remove what these targets made
	rm -rf .venv demo gallery dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "scalargrad needs Python 3.11 or newer: make PYTHON=python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable .
	@touch $@

.venv/development: .venv/runtime
	$(INSTALL) --upgrade pip
	$(INSTALL) --group dev
	@touch $@

.PHONY: help demo test check gallery bench notebooks clean
