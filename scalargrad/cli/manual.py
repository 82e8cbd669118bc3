"""The help of the command line: a page to read from the top, and hints for mistyped names.

It is plain text, which reads the same in a pipe, on a dumb terminal and in a window of any width.
"""

from __future__ import annotations

import inspect
import itertools
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from scalargrad.notation.words import nearest

WIDTH = 100  # columns at most; longer lines are hard to read
INTERRUPTED = 130  # the exit code of a command that was interrupted


class Manual(click.Group):
    """A group of commands whose help lists them under headings, in the order of the sections."""

    def __init__(self, sections: Mapping[str, Sequence[click.Command]], **options: Any) -> None:
        super().__init__(**options)
        self.sections = sections
        for command in itertools.chain(*sections.values()):
            self.add_command(command)
        for command in (self, *self.commands.values()):
            command.help = verbatim(inspect.cleandoc(command.help or ""))
            command.context_class = _Narrow

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in order."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; when it is interrupted, leave what is said of that to the caller."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        """A context as wide as the terminal, without colour where it is not wanted."""
        columns = shutil.get_terminal_size().columns
        extra.setdefault("terminal_width", min(columns, WIDTH))
        if is_plain(os.environ):
            extra.setdefault("color", False)
        return super().make_context(info_name, args, parent, **extra)

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        """The command that the arguments name, or an error that names the nearest."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            listed = f"; the commands are {', '.join(self.commands)}"
            ctx.fail(f"no such command: {args[0]}{_did_you_mean(args[0], self.commands) or listed}")
        return super().resolve_command(ctx, args)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write what the program is for, and then what each command does, by heading."""
        super().format_help_text(ctx, formatter)
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(command.name, summary(command)) for command in commands])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write nothing: the commands stand before the options."""


class _NarrowFormatter(click.HelpFormatter):
    """Lists that are readable where the window is narrow."""

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list in two columns, the first a third of the width at most."""
        super().write_dl(rows, min(col_max, self.width // 3), col_spacing)


class _Narrow(click.Context):
    formatter_class = _NarrowFormatter


def summary(command: Any) -> str:
    """The first sentence of a command's help."""
    return re.split(r"(?<=\.)\s", (command.help or "").strip(), maxsplit=1)[0]


def verbatim(text: str) -> str:
    r"""The text with a mark that keeps the lines of examples and indented blocks as they are.

    >>> verbatim("Draw a graph.\n\nExample: scalargrad draw -")
    'Draw a graph.\n\n\x08\nExample: scalargrad draw -'
    """
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(
        f"\b\n{paragraph}" if re.search(r"\AExample|^  ", paragraph, re.MULTILINE) else paragraph
        for paragraph in paragraphs
    )


def examples(text: str | None) -> list[str]:
    r"""The command lines that stand in a help text.

    >>> examples("Draw.\n\nExample: scalargrad draw p.sg\n\n  scalargrad demo    draws it")
    ['scalargrad draw p.sg', 'scalargrad demo']
    """
    lines = re.findall(r"^(?:Example: |  )(scalargrad .*)$", text or "", re.MULTILINE)
    return [re.split(r" {3,}", line)[0] for line in lines]


def complaint(error: Any) -> str:
    """What click says of wrong arguments, with the nearest name or the page to read."""
    said = str(error.format_message()).strip()
    context = getattr(error, "ctx", None)
    if context is None:
        return said
    if hasattr(error, "param_hint") and error.param is None:  # raised by a command itself
        return str(error.message)
    if hasattr(error, "possibilities"):  # an option that does not exist
        known = [
            option
            for parameter in context.command.get_params(context)
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("--")
        ]
        said = f"no such option: {error.option_name}"
        if hint := _did_you_mean(error.option_name, known):
            return said + hint
    if context.command_path in said or "did you mean" in said:
        return said
    return f"{said.rstrip('.')}; see {context.command_path} --help"


def is_plain(environment: Mapping[str, str]) -> bool:
    """Whether colour is not wanted: NO_COLOR is set (no-color.org), or the terminal is dumb.

    >>> is_plain({"NO_COLOR": "1"}), is_plain({"NO_COLOR": ""}), is_plain({"TERM": "dumb"})
    (True, False, True)
    """
    return bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    return "".join(f"; did you mean {near}?" for near in nearest(name, known, most=1))
