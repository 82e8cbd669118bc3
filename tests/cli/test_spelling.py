import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from scalargrad import check, derive, program, table
from scalargrad.cli.spelling import spelled
from scalargrad.engine.ops import OPERATIONS
from scalargrad.lectures import LECTURES

ENCODINGS = ["ascii", "cp1252", "cp437", "latin-1", "koi8-r", "shift_jis", "utf-8", "utf-16"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("∂ℓ/∂ŷ × ∂ŷ/∂h₂ = (−1.2) × (0.1)", "dl/dyhat * dyhat/dh2 = (-1.2) * (0.1)"),
        ("2(ŷ − y)² ≈ 1⁄3 → x⁻¹⁰", "2(yhat - y)^2 ~ 1/3 -> x^-10"),
        ("w₁₁⁽²⁾, W₁₂, x₃,₁, h̄, z̃, ẋ", "w11_2, W12, x3,1, hbar, ztilde, xdot"),
        ("αβγ Σ Δ λ ϵ", "alphabetagamma Sigma Delta lambda epsilon"),
        ("1[z ≥ 0] ½ ‖v‖ √x ∞", "1[z >= 0] 1/2 ||v|| sqrtx inf"),
        ("größe 权重", "gr\\xf6\\xdfe \\u6743\\u91cd"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_ascii_lacks_is_spelled_as_programs_have_it(text, wanted):
    assert spelled(text, "ascii") == wanted


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_whatever_we_print_can_be_written_and_what_can_be_written_stays(encoding):
    lecture = program(LECTURES[0].text)
    lecture.output.backward()
    marked = check(lecture, {"dl/dyhat": "-1.2", "dh2/dw2": "1", "dl/dw2": "-0.12"})
    symbols = " ".join(operation.symbol for operation in OPERATIONS.values())
    for text in (
        str(derive(lecture.output, "w2")),
        str(table(lecture.output)),
        str(marked),
        symbols,
    ):
        printed = spelled(text, encoding)
        assert printed.encode(encoding)
        assert "\\u" not in printed
        if encoding.startswith("utf"):
            assert printed == text


def test_the_spelling_of_a_lecture_is_read_back():
    lecture = program(LECTURES[0].text)
    lecture.output.backward()
    for name in ("yhat", "w2", "h1", "loss"):
        node = lecture[name]
        assert spelled(unicodedata.normalize("NFD", node.label), "ascii").isascii()
    rule = spelled(derive(lecture.output, "w2").text, "ascii").splitlines()
    assert rule[0] == "dl/dw2 = dl/dyhat * dyhat/dh2 * dh2/dw2"
    assert rule[-2:] == ["       = -0.24", "where 1[w2 x > 0] = 1"]


def run(*arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
    command = [sys.executable, "-m", "scalargrad", *arguments]
    return subprocess.run(command, env={**clean, **environment}, capture_output=True, timeout=60)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("arguments", "code", "wanted"),
    [
        (("table", LECTURES[0].text), 0, "ŷ"),
        (("derive", LECTURES[0].text, "--wrt", "w2"), 0, "∂ℓ/∂ŷ"),
        (("table", "ŷ = ∂ + 2"), 2, "∂"),
        (("table", "权 = 2 +"), 2, "权"),
        (("check", "sheet.md"), 1, "✗ ∂h₂/∂w₂"),
    ],
    ids=lambda words: " ".join(words)[:6] if isinstance(words, tuple) else "",
)
def test_a_command_loses_nothing_in_the_encoding_that_was_asked_for(
    tmp_path, monkeypatch, encoding, arguments, code, wanted
):
    monkeypatch.chdir(tmp_path)
    Path("sheet.md").write_text(
        f"```\n{LECTURES[0].text}\n```\n\n|quantity|answer|\n|dh2/dw2|1|\n", encoding="utf-8"
    )
    done = run(*arguments, PYTHONIOENCODING=encoding)
    assert done.returncode == code, done.stderr
    printed = (done.stdout or done.stderr).decode(encoding)
    assert "Traceback" not in printed
    assert spelled(wanted, encoding) in printed


def test_a_pipe_that_nobody_gave_an_encoding_takes_utf_8():
    done = run("derive", LECTURES[0].text, "--wrt", "w2", PYTHONUTF8="0", LC_ALL="C",
               PYTHONCOERCECLOCALE="0")  # fmt: skip
    assert "∂ℓ/∂w₂ = ∂ℓ/∂ŷ" in done.stdout.decode("utf-8")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_file_on_standard_output_is_the_same_in_every_encoding(encoding, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for made in (("worksheet", LECTURES[0].text), ("draw", LECTURES[0].text)):
        here, there = (run(*made, "-o", "-", PYTHONIOENCODING=e) for e in ("utf-8", encoding))
        assert (here.returncode, here.stderr) == (0, b"")
        assert here.stdout == there.stdout
        assert "ŷ" in here.stdout.decode("utf-8")


def test_the_pages_of_the_commands_are_ascii():
    from scalargrad.cli.commands import app

    for command in (app, *app.commands.values()):
        assert command.get_help(command.context_class(command)).isascii(), command.name
