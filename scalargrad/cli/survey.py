"""The commands that look around: what the lectures state, and what is found on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from scalargrad.cli.options import FILE
from scalargrad.cli.streams import say
from scalargrad.files import make_folder


@click.command()
@click.argument("which", nargs=-1, help="backprop, networks, slips, or slides as B20 or N14-N16.")
@click.option("--output", "-o", type=FILE, help="A folder for the pictures and plots.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "program"]),
    default="text",
    help="What is printed; program: the programs alone, for draw and derive.",
)
@click.option("--seeds", type=click.IntRange(1, 1000), default=3, help="Runs of an experiment.")
def lectures(which: Sequence[str], output: Path | None, form: str, seeds: int) -> None:
    """Run what the lecture decks state; exit code 1 when anything comes out differently.

    Example: scalargrad lectures B20 N17
    """
    import json

    from scalargrad.lectures.decks import chosen, run, summary

    groups = chosen(which)
    if form == "program":
        say("\n".join(row.text for _, rows in groups for row in rows if row.text))
        return
    if output is not None:
        make_folder(output)
    outcomes = []
    for title, outcome in run(groups, range(seeds)):
        outcomes.append(outcome)
        written = outcome.save(output) if output else []
        if form == "text":
            if title:
                say(f"\n{title}\n")
            say(outcome.text + "\n" if which else outcome.line)
            for path in written:
                say(f"    wrote {path}")
    if form == "text":
        say(f"\n{summary(outcomes)}")
    else:
        say(json.dumps([outcome.record for outcome in outcomes], ensure_ascii=False, indent=1))
    if not all(outcome.is_met for outcome in outcomes):
        raise click.exceptions.Exit(1)


@click.command()
def doctor() -> None:
    """Say what is found of layout engines, fonts, TeX, browsers and extras, and what each adds.

    Example: scalargrad doctor
    """
    from scalargrad.cli.doctor import report, text

    say(text(report()))
