"""The commands that look around: what the lectures state, and what is found on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from scalargrad.cli.options import FILE
from scalargrad.cli.streams import say
from scalargrad.files import make_folder


@click.command()
@click.argument("which", nargs=-1, help="claims, backprop, networks, slips, or rows such as B20.")
@click.option("--output", "-o", type=FILE, help="A folder for the pictures and plots.")
def lectures(which: Sequence[str], output: Path | None) -> None:
    """Run what the lecture decks state; exit code 1 when anything comes out differently.

    Example: scalargrad lectures B20 N17
    """
    from scalargrad.lectures.decks import chosen, summary

    if output is not None:
        make_folder(output)
    outcomes = []
    for text, outcome in chosen(which):
        say(text)
        outcomes.append(outcome)
        for path in outcome.save(output) if output else ():
            say(f"    wrote {path}")
    say(f"\n{summary(outcomes)}")
    if not all(outcome.is_met for outcome in outcomes):
        raise click.exceptions.Exit(1)


@click.command()
def doctor() -> None:
    """Say what is found of layout engines, fonts, TeX, browsers and extras, and what each adds.

    Example: scalargrad doctor
    """
    from scalargrad.cli.doctor import report, text

    say(text(report()))
