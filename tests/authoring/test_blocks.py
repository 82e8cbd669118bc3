import re

import pytest

from scalargrad import draw, program
from scalargrad.authoring.blocks import BlockError, block, markdown
from scalargrad.authoring.decks import problems, problems_of_sheet, rendered
from scalargrad.cli import commands as cli
from scalargrad.graph.derivation import derive
from scalargrad.lectures import LECTURES, STUDENT
from scalargrad.sheets.documents import SheetError

LECTURE = LECTURES[0].text
FENCE = "```"


def test_a_block_shows_what_the_same_calls_give():
    read = block(f"#| draw --wrt w2 --style circuit\n#| derive --wrt w2\n{LECTURE}")
    picture, rule = read.things
    loss = program(LECTURE).output
    loss.backward()
    same = draw(loss, wrt="w2", style="circuit")
    assert picture.content(".svg") == same.content(".svg")
    assert str(rule) == str(derive(loss, "w2"))


def test_a_block_shows_what_the_command_line_draws(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["--wrt", "w2", "--theme", "dark", "--digits", "2", "--refine", ".hide(y)"]
    assert cli.main(["draw", LECTURE, *options, "-o", "a.svg"]) == 0
    (picture,) = block(LECTURE, " ".join(options)).things
    assert picture.content(".svg") == (tmp_path / "a.svg").read_bytes()


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("", ["Drawing"]),
        ("--wrt x", ["Drawing"]),
        ("draw --frames", ["Frames"]),
        ("draw --refine '.frames().at(1)'", ["Drawing"]),
        ("derive --wrt x", ["Derivation"]),
        ("table", ["Table"]),
        ("step --wrt x", ["Stepper"]),
        ("exercise --ask path:x", ["Drawing", "Table", "Answers"]),
    ],
)
def test_each_command_gives_its_kind(line, kinds):
    assert [type(thing).__name__ for thing in block("x = 2; y = x^2", line).things] == kinds


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("y = 2", "drow", "a block shows draw, derive, table, step, exercise, or states numbers; "
                          "got 'drow'; did you mean 'draw'?"),
        ("y = 2", "draw --wtr w", "no such option: --wtr; did you mean --wrt?"),
        ("y = 2", "draw -o /etc/passwd", "no such option: -o"),
        ("y = 2", "draw 'a", "draw 'a: No closing quotation"),
        ("y = 2", "derive", "Missing option '--wrt'"),
        ("y = 2", "states y", "a block states quantity = number; got 'y'"),
        ("y = 2", "secret.sg", "the program stands in the block; got the file secret.sg"),
    ],
)  # fmt: skip
def test_what_a_block_cannot_show_is_said(text, line, words):
    with pytest.raises(BlockError, match=re.escape(words)):
        _ = block(text, line).things


def test_a_block_without_a_program_names_a_file(tmp_path):
    (tmp_path / "a.sg").write_text("x = 2; y = x^2")
    read = block("#| states y = 4", "a.sg --wrt x", tmp_path)
    assert (read.text, read.problems) == ("x = 2; y = x^2", [])
    with pytest.raises(BlockError, match=r"no such file: .*b\.sg"):
        block("", "b.sg", tmp_path)
    with pytest.raises(BlockError, match=r"in the block or in a\.sg, not in both"):
        block("y = 2", "a.sg", tmp_path)


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        ("dl/dw2 = -0.24; yhat = 0.4; ℓ = 0,36", []),
        ("∂ℓ/∂w₂ = −6/25", []),
        ("dl/dw2 = -0.2", ["∂ℓ/∂w₂"]),  # right, but too few figures
        ("dl/dw2 = -0.12", ["∂ℓ/∂w₂"]),
        ("yhat = 0.5; dl/dyhat = 1.2; dh2/dw2 = 2", ["ŷ", "∂ℓ/∂ŷ"]),
        ("dl/dnope = 1", ["dl/dnope"]),
    ],
)
def test_stated_numbers_are_checked(stated, wrong):
    found = block(f"#| states {stated}\n{LECTURE}").problems
    assert [problem.partition(" = ")[0] for problem in found] == wrong
    if wrong:
        with pytest.raises(BlockError, match="is stated"):
            _ = block(f"#| states: {stated}\n{LECTURE}").things


def test_the_exercise_tells_no_answer_before_its_answers():
    *asked, answers = block(LECTURE, "exercise --ask path:w2").things
    before = "".join(map(markdown, asked)) + repr(asked)
    assert "-0.24" not in before.replace("−", "-")
    assert "−0.24" in answers.markdown


DECK = f"""# One

{FENCE}sg draw --wrt x
#| states y = 5
x = 2; y = x^2
{FENCE}

{FENCE}python
y = 5
{FENCE}

{FENCE}{{sg}} derive --wrt x
:name: rule

x = 2
y = tnah(x)
{FENCE}

{FENCE}{{.sg #id}}
x = 0; y = 1/x
{FENCE}
"""


def test_a_deck_is_checked_with_the_line_of_each_problem(tmp_path):
    found = list(problems(DECK, tmp_path))
    assert [place for place, _ in found] == [3, 16, 19]
    assert all("\n" not in words for _, words in found)


def test_a_deck_of_others_is_left_alone(tmp_path):
    others = f"# None of ours\n\n{FENCE}python\nx = 2\n"  # and not closed
    assert list(problems(others, tmp_path)) == []
    assert rendered(others, tmp_path) == others
    assert next(iter(problems(f"{FENCE}sg\nx = 2", tmp_path)))[1].endswith("is not closed")


def test_blocks_are_put_where_they_stand(tmp_path):
    right = DECK.replace("y = 5", "y = 4").replace("tnah", "tanh").replace("x = 0", "x = 1")
    lines = rendered(right, tmp_path).split("\n")
    assert [line[:12] for line in lines if line.startswith("![")] == [
        "![x: value 2",
        "![x: value 1",
    ]
    assert lines.count("$$") == 2
    assert f"{FENCE}python" in lines
    with pytest.raises(SheetError, match="line 3: y = 5 is stated"):
        rendered(DECK, tmp_path)


def test_the_command_checks_decks_and_sheets(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slides.md").write_text(DECK)
    (tmp_path / "a.sheet.md").write_text(STUDENT)
    (tmp_path / "fine.md").write_text(DECK.partition(f"{FENCE}{{")[0].replace("y = 5", "y = 4"))
    assert cli.main(["deck", "slides.md", "a.sheet.md", "fine.md"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in out][:4] == ["slides.md"] * 3 + ["a.sheet.md"]
    assert "slides.md:3: y = 5 is stated: y: you wrote 5, it is 4" in out[0]
    assert cli.main(["deck", "fine.md"]) == 0
    assert capsys.readouterr().out == "1 file: all is right\n"
    assert cli.main(["deck", "fine.md", "-o", "out.md", "--pictures", "pdf"]) == 0
    assert "(data:application/pdf;base64,JVBERi" in (tmp_path / "out.md").read_text()
    assert cli.main(["deck"]) == 2
    assert list(problems_of_sheet("no sheet")) != []
