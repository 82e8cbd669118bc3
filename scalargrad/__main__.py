"""python -m scalargrad is the command line."""

from scalargrad.cli import run

run()
