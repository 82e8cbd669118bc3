# Bare `make` lists the targets. Every target sets up what it needs in .venv, by pip.

PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check --quiet
INSTALL = $(PIP) install --no-compile --constraint constraints.txt

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/runtime  ## draw the lecture example into demo/, print its derivatives and their check
	.venv/bin/scalargrad demo --output demo

play: .venv/runtime  ## open the page that runs in a browser, which is built into play/
	.venv/bin/scalargrad play --output play
	.venv/bin/scalargrad play --from play

QUICK = tests/engine tests/notation tests/language tests/checking tests/test_quick.py

quick: .venv/development  ## test engine, language, marking and a picture of each style in a minute
	.venv/bin/python -m pytest --quick --numprocesses auto --dist loadfile --durations 3 $(QUICK)

test: .venv/development  ## run the whole test suite
	.venv/bin/python -m pytest --numprocesses auto --dist loadfile --durations 10

explore: .venv/development  ## try the tests that draw their examples on new ones, and on more
	HYPOTHESIS_PROFILE=explore .venv/bin/python -m pytest --numprocesses auto -m hypothesis tests

matrix: .venv/development  ## hold every operation on every backend and kind against mpmath
	.venv/bin/python tests/matrix.py

mutants: .venv/development  ## change modules in one place each and see whether their tests notice
	.venv/bin/python tests/mutants.py $(FILE)

check: .venv/development  ## lint, format and type-check
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

gallery: .venv/development  ## draw every example, in all styles and formats, and every plot into gallery/
	.venv/bin/python tests/gallery.py gallery

origins: .venv/development  ## find each number called slide in the decks' text: make origins DECKS=folder
	.venv/bin/python tests/origins.py $(DECKS)

seeds: .venv/development  ## count on how many of twenty seeds each sentence about an experiment holds
	.venv/bin/scalargrad lectures N18 N21-N28 N31-N38 N44 --seeds 20

legible: .venv/development  ## measure how legible the pictures of a course are on a slide
	.venv/bin/python tests/legible.py $(CASES)

glyphs: .venv/development  ## write the table of glyphs from the fonts that matplotlib carries
	.venv/bin/python tests/glyph_table.py

bench: .venv/development  ## measure speed and memory against real peers, side by side
	.venv/bin/python tests/benchmarks/engine.py
	.venv/bin/python tests/benchmarks/networks.py
	.venv/bin/python tests/benchmarks/compiling.py
	.venv/bin/python tests/benchmarks/students.py
	.venv/bin/python tests/benchmarks/grading.py

notebooks: .venv/notebooks  ## execute each notebooks/*.py into the .ipynb beside it
	.venv/bin/python tests/execute_notebooks.py

docs: .venv/documentation  ## build the documentation into .docs/site, and check its links
	rm -rf .docs/site
	.venv/bin/python -m sphinx --fail-on-warning --keep-going --quiet .docs .docs/site
	.venv/bin/python .docs/check.py .docs/site

clean:  ## remove what these targets made
	rm -rf .venv demo play gallery screenshots dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf .docs/site .docs/api .docs/notebooks .docs/drawn .docs/jupyter_execute
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "scalargrad needs Python 3.11 or newer: make PYTHON=python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: .venv/bin/python pyproject.toml constraints.txt
	@$(PIP) --quiet uninstall --yes scalargrad # what this package was called before
	$(INSTALL) --editable .
	@touch $@

.venv/development: .venv/runtime
	$(INSTALL) --upgrade pip
	$(INSTALL) --group dev
	@touch $@

.venv/notebooks: .venv/development
	$(INSTALL) --group notebooks
	@touch $@

.venv/documentation: .venv/runtime
	$(INSTALL) --upgrade pip
	$(INSTALL) --group docs
	@touch $@

.PHONY: help demo play quick test matrix mutants check gallery origins seeds legible glyphs bench notebooks
.PHONY: docs clean
