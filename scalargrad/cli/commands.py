"""The command line: its page, its commands under headings, and its exit codes.

Exit codes: 0; 1 when a check failed; 2 for bad input, which gets one clear message on stderr; 130
when interrupted. A command loads what it needs when it runs, so that each starts at once.
"""

from __future__ import annotations

import os
import sys
import warnings

import click

from scalargrad import __version__
from scalargrad.cli import begin, mark, show, survey, write
from scalargrad.cli.completion import install_script, script
from scalargrad.cli.manual import INTERRUPTED, Manual, complaint
from scalargrad.cli.streams import prepare_streams, say
from scalargrad.errors import FileError, GradientMismatch


@click.group(
    cls=Manual,
    sections={
        "To begin": [begin.demo, begin.new],
        "Show a program": [show.draw, show.derive, show.table],
        "Where lectures are": [write.play, write.deck],
        "Set and mark worksheets": [mark.worksheet, mark.check, mark.grade],
        "Run the lectures": [survey.lectures],
        "When something is missing": [survey.doctor],
    },
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.option("--version", is_flag=True, help="Print the version.")
@click.option(
    "--install-completion",
    "installed",
    metavar="[SHELL]",
    is_flag=False,
    flag_value="",
    help="Teach the shell the commands and options: bash, zsh, fish or powershell.",
)
@click.option(
    "--show-completion",
    "shown",
    metavar="[SHELL]",
    is_flag=False,
    flag_value="",
    help="Print what teaches the shell, to put it where you like.",
)
@click.pass_context
def app(context: click.Context, version: bool, installed: str | None, shown: str | None) -> None:
    """Draw and check worked examples of backpropagation.

    What to do first:
      scalargrad demo                                            the lecture, whole
      scalargrad new lecture.sg                                  a program to edit
      scalargrad draw lecture.sg --wrt w2 -o lecture.svg         its picture
      scalargrad derive lecture.sg --wrt w2                      its chain rule
      scalargrad worksheet lecture.sg -o sheet.md --key key.md   a sheet, its key
      scalargrad check key.md                                    a sheet, marked

    A program is lines of name = expression: in a file that ends in .sg, in standard input (-), or
    as the argument itself. Each command has a page: scalargrad draw --help.
    """
    if version:
        say(f"scalargrad {__version__}")
    elif installed is not None:
        say(install_script(installed, context.command))
    elif shown is not None:
        say(script(shown, context.command))
    elif context.invoked_subcommand is None:
        say(context.get_help())


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    prepare_streams()
    noted: set[str] = set()

    def note(message: object, *_: object) -> None:
        if str(message) not in noted:
            noted.add(str(message))
            _complain(message, 0)

    with warnings.catch_warnings():
        warnings.showwarning = note  # type: ignore[assignment]
        return _code_of(arguments)


def _code_of(arguments: list[str] | None) -> int:
    try:
        code = app(arguments, prog_name="scalargrad", standalone_mode=False)
        return _complain("interrupted", code) if code == INTERRUPTED else int(code or 0)
    except click.ClickException as error:  # of wrong arguments
        return _complain(complaint(error), 2)
    except GradientMismatch as error:
        return _complain(error, 1)
    except (ValueError, FileError) as error:  # as all of ours that speak of what was given
        return _complain(error, 2)
    except ModuleNotFoundError as error:  # of a part that can be left out
        if (error.name or "scalargrad").partition(".")[0] == "scalargrad":
            raise
        return _complain(
            f"this needs {error.name}, which is not installed; see scalargrad doctor", 2
        )
    except BrokenPipeError:  # the reader of a pipe has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(f"{error.filename or 'standard output'}: {error.strerror}", 2)


def _complain(message: object, code: int) -> int:
    say(f"scalargrad: {message}", err=True)
    return code
