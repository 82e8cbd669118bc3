"""What teaches a shell the commands and options: the script, and where a shell reads it."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from scalargrad.files import make_folder, write_whole

_PLACES = {
    "bash": ".bash_completions/scalargrad.sh",
    "zsh": ".zfunc/_scalargrad",
    "fish": ".config/fish/completions/scalargrad.fish",
    "powershell": ".scalargrad.ps1",
}
_LINES = {  # which must stand in the file that the shell starts with
    "bash": "source ~/.bash_completions/scalargrad.sh",
    "zsh": "fpath+=~/.zfunc; autoload -Uz compinit; compinit",
    "powershell": ". ~/.scalargrad.ps1",
}
_VARIABLE = "_SCALARGRAD_COMPLETE"  # as click calls it


@add_completion_class
class _PowerShell(ShellComplete):
    """What click has for the other three."""

    name = "powershell"
    source_template = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $line, $cursor)
    $Env:%(complete_var)s = "powershell_complete"
    $Env:COMP_WORDS = $line.ToString()
    $Env:COMP_WORD = $word
    %(prog_name)s | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, "ParameterValue", $_)
    }
    Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_WORD
}
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is typed, and that one."""
        words = split_arg_string(os.environ["COMP_WORDS"])[1:]
        word = os.environ.get("COMP_WORD", "")
        return words[:-1] if word and words[-1:] == [word] else words, word

    def format_completion(self, item: CompletionItem) -> str:
        """A line for each."""
        return str(item.value)


def script(shell: str, app: click.Command) -> str:
    """What teaches a shell, by default the one that runs."""
    made = get_completion_class(_chosen(shell))
    assert made is not None
    return made(app, {}, "scalargrad", _VARIABLE).source().strip()


def install_script(shell: str, app: click.Command) -> str:
    """Put the script where the shell reads it; returns what was done."""
    shell = _chosen(shell)
    place = Path.home() / _PLACES[shell]
    make_folder(place.parent)
    write_whole(place, f"{script(shell, app)}\n".encode())
    if shell in _LINES:
        start = _profile() if shell == "powershell" else Path.home() / f".{shell}rc"
        _add_line(start, _LINES[shell])
    return f"wrote {place}; it takes effect in a new {shell}"


def _chosen(shell: str) -> str:
    by_default = "powershell" if os.name == "nt" else Path(os.environ.get("SHELL", "")).name
    shell = shell or by_default
    if shell not in _PLACES:
        raise click.BadParameter(f"the shell is one of {', '.join(_PLACES)}; got {shell or 'none'}")
    return shell


def _profile() -> Path:
    """The file that a PowerShell starts with."""
    import subprocess  # which takes a while to load, and no other command needs

    for program in ("pwsh", "powershell"):
        try:
            told = subprocess.run(
                [program, "-NoProfile", "-Command", "echo $PROFILE"],
                capture_output=True, text=True, check=True, timeout=60,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            continue
        return Path(told.stdout.strip())
    raise click.BadParameter("no pwsh and no powershell is found to ask for its profile")


def _add_line(file: Path, line: str) -> None:
    """Let a file of somebody else hold a line, once."""
    before = file.read_bytes() if file.exists() else b""
    if line.encode() not in before.splitlines():
        gap = b"" if before.endswith(b"\n") or not before else b"\n"
        make_folder(file.parent)
        write_whole(file, before + gap + line.encode() + b"\n")
