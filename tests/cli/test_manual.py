"""Every command, whatever commands there are: its page, its examples, its pipes, its messages."""

import contextlib
import io
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import click
import peers
import pytest

from scalargrad import __main__, __version__, assert_gradients, program, program_text
from scalargrad.cli import commands as cli
from scalargrad.cli.manual import Manual, examples, summary
from scalargrad.lectures import LECTURES
from scalargrad.view.export.formats import SUFFIXES

GROUP = cli.app
COMMANDS = GROUP.commands
WRITES = {"-o", "--output", "--key", "--report", "new"}  # the next word of an example is not read


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capfd):
    def run(*arguments):
        capfd.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        return (code, *capfd.readouterr())

    return run


@pytest.fixture
def shell(tmp_path_factory):
    """Run a line in sh, with scalargrad on the PATH."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "scalargrad"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m scalargrad "$@"\n')
    script.chmod(0o755)

    def shell(line, **environment):
        path = os.pathsep.join([str(folder), os.environ["PATH"]])
        return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": path, **environment})  # fmt: skip

    return shell


# Pages -------------------------------------------------------------------------------------------


def pages():
    return [(), *((name,) for name in COMMANDS)]


@pytest.mark.parametrize("columns", [40, 80, 300])
@pytest.mark.parametrize("name", pages(), ids=lambda name: "".join(name) or "scalargrad")
def test_a_page_fits_the_terminal_and_names_every_option(run, monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, page, err = run(*name, "--help")
    assert (code, err) == (0, "")
    command = COMMANDS[name[0]] if name else GROUP
    verbatim = {line.strip() for line in examples(command.help)}
    for line in page.splitlines():
        is_example = any(example in line for example in verbatim)
        assert len(line) <= min(columns, 100) or is_example, line
        assert "…" not in line.partition("  ")[0]
    for parameter in command.get_params(click.Context(command)):
        assert parameter.help, f"{name} {parameter.name} says nothing of itself"
        for option in (*parameter.opts, *parameter.secondary_opts):
            assert not option.startswith("--") or re.search(rf"{option}\b", page), option
    assert run(*name, "-h")[1] == page


def test_the_page_of_all_shows_every_command_under_a_heading_and_no_command_shows_it_too(run):
    code, page, err = run("--help")
    assert (code, err) == (0, "")
    assert run() == (0, page, "")
    shown = GROUP.sections
    assert [c.name for commands in shown.values() for c in commands] == list(COMMANDS)
    assert next(iter(shown)) == "To begin"
    flat = " ".join(page.split())
    for heading, commands in shown.items():
        assert f"{heading}:" in page
        for command in commands:
            assert f"{command.name} {summary(command)}" in flat
    assert page.index("What to do first") < page.index("To begin") < page.index("Options")


def test_a_page_has_no_colour_even_where_colour_is_forced(shell):
    forced = shell("scalargrad --help; scalargrad draw -h", FORCE_COLOR="1", GITHUB_ACTIONS="1")
    assert "\x1b" not in forced.stdout
    assert "Usage: scalargrad draw" in forced.stdout


def test_the_version(run):
    assert run("--version") == (0, f"scalargrad {__version__}\n", "")


# Examples ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder of the files that examples read, by the names they have there."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "submissions").mkdir()
    lecture = folder / "lecture.sg"
    worksheet = ("worksheet", str(lecture), "-o", str(folder / "empty.md"), "--force", "--key")
    assert cli.main(["new", str(lecture)]) == 0
    for name in ("sheet.md", "key.md", "submissions/ann.md"):
        assert cli.main([*worksheet, str(folder / name)]) == 0
    (folder / "slides.md").write_text("```sg\n#| states y = 4\nx = 2; y = x^2\n```\n")
    return folder


def read(line):
    """The words of an example that may be files it reads."""
    return {word for before, word in pairwise(shlex.split(line)) if before not in WRITES}


def written(line):
    """The files that an example says it writes."""
    return [word for before, word in pairwise(shlex.split(line)) if before in WRITES - {"new"}]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_a_command_works(name, run, shell, prepared, tmp_path, monkeypatch):
    lines = examples(COMMANDS[name].help)
    assert lines, f"scalargrad {name} --help shows no example"
    if name == "play":
        peers.program("npm")
    for number, line in enumerate(lines):
        assert f"scalargrad {name} " in f"{line} "
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        for file in prepared.iterdir():
            if file.name in read(line):
                (shutil.copytree if file.is_dir() else shutil.copy)(file, folder / file.name)
        if set(line) & set("|<>"):
            done = shell(line)
            code, out, err = done.returncode, done.stdout, done.stderr
        else:
            code, out, err = run(*shlex.split(line)[1:])
        assert (code, err) == (0, ""), line
        assert out
        assert [file for file in written(line) if file != "-" and not Path(file).exists()] == []


def test_what_to_do_first_works_in_that_order(run):
    lines = examples(GROUP.help)
    assert len(lines) >= 5
    for line in lines:
        code, out, err = run(*shlex.split(line)[1:])
        assert (code, err) == (0, ""), line
        assert out
    assert all(Path(file).exists() for line in lines for file in written(line))


# The starter -------------------------------------------------------------------------------------


def test_the_starter_is_the_lecture_example_with_comments(run):
    assert run("new") == (0, "wrote lecture.sg\n", "")
    text = Path("lecture.sg").read_text(encoding="utf-8")
    assert run("new", "-") == (0, text, "")
    assert text.count("#") >= 8
    lecture, starter = program(LECTURES[0].text), program(text)
    assert program_text(starter.output) == program_text(lecture.output)
    starter.output.backward()
    assert_gradients(starter.output, LECTURES[0].gradients)


def test_what_the_starter_tells_to_try_works_under_any_name(run):
    assert run("new", "my lecture.sg")[0] == 0
    text = Path("my lecture.sg").read_text(encoding="utf-8")
    lines = [line[4:] for line in text.splitlines() if line.startswith("#   scalargrad ")]
    assert [shlex.split(line)[1] for line in lines] == ["draw", "derive", "worksheet"]
    for line in lines:
        words = shlex.split(re.split(r"  +| (?:a sheet|its|the) ", line)[0])
        assert "my lecture.sg" in words
        code, _, err = run(*words[1:])
        assert (code, err) == (0, ""), line
    assert sorted(os.listdir()) == ["key.md", "lecture.svg", "my lecture.sg", "sheet.md"]


def test_new_replaces_nothing_without_force(run):
    Path("lecture.sg").write_text("mine")
    code, out, err = run("new", "lecture.sg")
    assert (code, out) == (2, "")
    assert "--force" in err
    assert Path("lecture.sg").read_text() == "mine"
    assert run("new", "--force")[0] == 0
    assert Path("lecture.sg").read_text() != "mine"
    for wrong in ("lecture", "lecture.txt", "no/lecture.sg"):
        code, out, err = run("new", wrong)
        assert (code, out, err.count("\n")) == (2, "", 1)
    assert os.listdir() == ["lecture.sg"]


# Names that are nearly right ---------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_a_mistyped_command_and_its_mistyped_options_are_recognised(run, name):
    code, out, err = run(name[1] + name[0] + name[2:])
    assert (code, out) == (2, "")
    assert err == f"scalargrad: no such command: {err.split()[4][:-1]}; did you mean {name}?\n"
    command = COMMANDS[name]
    options = [o for p in command.params for o in (*p.opts, *p.secondary_opts) if len(o) > 5]
    for option in [option for option in options if option.startswith("--")]:
        wrong = option[:4] + option[5:]  # without its third letter
        code, out, err = run(name, wrong)
        assert (code, out) == (2, ""), wrong
        assert err == f"scalargrad: no such option: {wrong}; did you mean {option}?\n"


def test_what_resembles_nothing_is_told_what_there_is(run):
    assert "the commands are demo, new, draw" in run("xyzzy")[2]
    assert "see scalargrad draw --help" in run("draw", "y = 1", "--xyzzy")[2]
    assert "see scalargrad derive --help" in run("derive", "y = 1")[2]
    assert "see scalargrad --help" in run("--xyzzy")[2]


# Pipes -------------------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch):
    """Put a text on standard input."""
    return lambda text: monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()))
    )


def test_every_command_that_takes_a_program_takes_it_from_standard_input(run, typed):
    taking = [name for name, command in COMMANDS.items()
              if any(p.metavar == "PROGRAM" for p in command.params) and name != "new"]  # fmt: skip
    assert len(taking) >= 4
    more = {"derive": "--wrt w2", "draw": "-o - --format dot", "worksheet": "-o -"}
    for name in taking:
        typed(LECTURES[0].text)
        code, out, err = run(name, "-", *more.get(name, "").split())
        assert (code, err) == (0, ""), name
        assert out
    assert os.listdir() == []


def test_sheets_go_through_pipes(shell):
    line = "scalargrad new - | scalargrad worksheet - -o empty.md --key - | scalargrad check -"
    done = shell(line)
    assert (done.returncode, done.stderr) == (0, "wrote empty.md\n")
    assert "✓ ∂ℓ/∂w₂" in done.stdout


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_on_standard_output_is_the_file(capfdbinary, suffix):
    code = cli.main(["draw", "loss = (2*w - 1)^2", "--at", "w=0.5", "-o", f"p{suffix}", "-o", "-",
                     "--format", suffix[1:]])  # fmt: skip
    out, err = capfdbinary.readouterr()
    assert (code, err) == (0, f"wrote p{suffix}\n".encode())
    assert len(out) > 300
    if suffix != ".pptx":  # a package of files that are dated
        assert out == Path(f"p{suffix}").read_bytes()


def test_standard_output_takes_one_file(run):
    for arguments in (
        ("draw", "y = 1", "-o", "-", "-o", "-"),
        ("draw", "y = 1", "-o", "-", "--format", "jpg"),
        ("worksheet", "x = 1; y = 2*x", "-o", "-", "--key", "-"),
        ("worksheet", "x = 1; y = 2*x", "-o", "-", "--variants", "2"),
        ("worksheet", "x = 1; y = 2*x", "-o", "s.md", "--key", "-", "--variants", "2"),
    ):
        code, out, err = run(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), arguments
    assert os.listdir() == []
    assert run("draw", "y = 1", "--format", "dot")[1] == "wrote graph.dot\n"


def test_closed_standard_streams_are_no_traceback(shell):
    done = shell("scalargrad table - <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "scalargrad: standard input is closed\n"
    assert "Traceback" not in shell("scalargrad table 'y = 1' >&-").stderr


# Terminals ---------------------------------------------------------------------------------------


def on_terminal(*arguments, **environment):
    """What a command writes to a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI", "TERM")}
    process = subprocess.Popen([sys.executable, "-m", "scalargrad", *arguments], stdin=theirs,
                               stdout=theirs, stderr=theirs, env={**kept, "TERM": "xterm",
                               **environment})  # fmt: skip
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while piece := os.read(ours, 65536):
            written += piece
    os.close(ours)
    return process.wait(60), written


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_no_colour_where_it_is_not_wanted(environment, prepared):
    sheet = prepared / "sheet.md"
    wrong = sheet.read_text(encoding="utf-8").replace("0.64", "0.66").replace("−0.24", "−0.12")
    Path("wrong.md").write_text(wrong, encoding="utf-8")
    for arguments, wanted in ((("check", "wrong.md"), 1), (("table", "y = 2 +"), 2)):
        code, out = on_terminal(*arguments, **environment)
        assert code == wanted, out
        assert out
        assert b"\x1b" not in out


def test_colour_that_a_command_writes_is_dropped_where_it_is_not_wanted(capsys, monkeypatch):
    @click.command()
    def paint():
        click.secho("red", fg="red", color=None)

    colourful = Manual({"Colours": [paint]}, name="colourful")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for environment, wanted in (({}, "\x1b[31mred\x1b[0m\n"), ({"NO_COLOR": "1"}, "red\n")):
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        colourful(["paint"], standalone_mode=False)
        assert capsys.readouterr().out == wanted


def test_a_picture_that_is_no_text_is_not_poured_into_a_terminal():
    code, out = on_terminal("draw", "y = 1", "-o", "-", "--format", "png")
    assert code == 2
    assert b"write it to a file" in out
    code, out = on_terminal("draw", "y = 1", "-o", "-", "--format", "dot")
    assert code == 0
    assert out.startswith(b"digraph")


def test_control_c_ends_a_command_in_one_line():
    process = subprocess.Popen([sys.executable, "-m", "scalargrad", "table", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)  # fmt: skip
    waiting = Path(f"/proc/{process.pid}/wchan")
    for _ in range(600):  # until it reads from the pipe
        if "pipe" in (waiting.read_text() if waiting.exists() else "pipe"):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"scalargrad: interrupted\n")


def test_control_c_while_it_starts_is_no_traceback(monkeypatch):
    class Interrupt:
        def find_spec(self, name, path=None, target=None):
            if name == "scalargrad.cli.commands":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "scalargrad.cli.commands")
    monkeypatch.setattr(sys, "meta_path", [Interrupt(), *sys.meta_path])
    monkeypatch.delattr("scalargrad.cli.commands")
    with pytest.raises(SystemExit) as ended:
        __main__.run()
    assert ended.value.code == 130


# Completion --------------------------------------------------------------------------------------


def test_bash_completes_commands_options_and_words(shell):
    script = """
        scalargrad --show-completion bash >script
        . ./script
        complete="$(complete -p scalargrad | sed -E 's/.*-F ([^ ]+).*/\\1/')"
        for words in 'scalargrad d' 'scalargrad draw --th' 'scalargrad draw --theme d'; do
          COMPREPLY=(); COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          $complete scalargrad
          echo "${COMPREPLY[@]}"
        done
    """
    done = shell(script)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["demo draw derive deck doctor", "--theme", "dark"]


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish", "powershell"])
def test_there_is_a_completion_script_for_every_shell(shell, kind):
    done = shell(f"scalargrad --show-completion {kind}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "SCALARGRAD_COMPLETE" in done.stdout
    assert shell("scalargrad --show-completion", SHELL=f"/bin/{kind}").stdout == done.stdout


@pytest.mark.parametrize(("kind", "start"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", "")])
def test_completion_is_installed_once_and_keeps_what_the_shell_starts_with(
    run, tmp_path, monkeypatch, kind, start
):
    monkeypatch.setenv("HOME", str(tmp_path))
    if start:
        Path(start).write_text("export MINE=1")
    code, out, err = run("--install-completion", kind)
    assert (code, err) == (0, "")
    place = Path(re.search(r"^wrote (\S+); ", out)[1])
    assert place.read_text() == run("--show-completion", kind)[1]
    if start:
        once = Path(start).read_text()
        assert once.startswith("export MINE=1\n")
        assert str(place.parent.relative_to(tmp_path)) in once
        assert run("--install-completion", kind)[0] == 0
        assert Path(start).read_text() == once


def test_powershell_completes_by_the_line_and_the_word(shell):
    for line, word, wanted in (
        ("scalargrad d", "d", "demo draw derive deck doctor"),
        ("scalargrad draw --th", "--th", "--theme"),
        ("scalargrad draw --theme ", "", "auto light dark print colour-blind"),
    ):
        done = shell("scalargrad", _SCALARGRAD_COMPLETE="powershell_complete", COMP_WORDS=line,
                     COMP_WORD=word)  # fmt: skip
        assert done.stdout.split() == wanted.split(), done.stderr


@pytest.mark.parametrize("words", [("--show-completion", "tcsh"), ("--install-completion", "x y")])
def test_a_shell_that_is_not_known_is_told_which_are(run, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert f"the shell is one of bash, zsh, fish, powershell; got {words[1]}" in err
