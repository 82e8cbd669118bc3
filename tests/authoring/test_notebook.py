import pytest

from scalargrad import program
from scalargrad.view.drawing import Drawing


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A shell of IPython with the extension, as a notebook has it."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = InteractiveShell()
    made.run_line_magic("load_ext", "scalargrad")
    yield made
    made.history_manager.end_session()


def test_a_cell_draws_its_program(shell):
    done = shell.run_cell("%%sg --wrt x --style circuit\nx = 2\ny = x^2\n")
    assert isinstance(done.result, Drawing)
    assert "gradient 4" in repr(done.result)


def test_a_cell_shows_several_things_and_gives_the_last(shell, capsys):
    done = shell.run_cell("%%sg\n#| table\n#| derive --wrt x\nx = 2; y = x^2\n")
    assert str(done.result).startswith("∂y/∂x = ")
    assert "gradient" in capsys.readouterr().out


def test_a_line_draws_a_file(shell, tmp_path):
    (tmp_path / "a.sg").write_text("x = 2; y = x^2")
    assert "y" in program((tmp_path / "a.sg").read_text())
    assert isinstance(shell.run_cell("%sg a.sg --wrt x").result, Drawing)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%sg --stile circuit\ny = 2\n", "did you mean --style?"),
        ("%%sg\ny = tnah(2)\n", "unknown function 'tnah'"),
        ("%%sg\n#| states y = 3\nx = 2; y = x\n", "y = 3 is stated"),
        ("%%sg --refine __import__('os').getcwd()\ny = 2\n", "refinements are written like"),
    ],
)
def test_what_is_wrong_is_one_message_without_a_traceback(shell, capsys, cell, words):
    done = shell.run_cell(cell)
    assert type(done.error_in_exec).__name__ == "UsageError"
    printed = "".join(capsys.readouterr())
    assert words in printed
    assert "Traceback" not in printed
