"""What is handed back: in every form the same, under the name that the system gave."""

import io
import zipfile
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from peers import peer

from scalargrad.sheets import feedback, paper
from scalargrad.sheets.feedback import FORMS, markdown, page, pdf, reports
from scalargrad.sheets.results import Marked, Result
from scalargrad.view.glyphs import plain

LINES = (
    Marked("∂ℓ/∂ŷ", "−1.04", "right", 1.0, "right", 2.0),
    Marked("∂ŷ/∂h", "<b>|0.3|</b>", "wrong", 0.0, "∂ŷ/∂h: you wrote <0.3>, it is 0.5."),
    Marked("∂ℓ/∂w", "0.5", "not confirmed", 0.5, "a sentence " * 30, mark=0.75, note="said it"),
    Marked("q", "9" * 300, "unknown quantity", 0.0, "no node is named 'q'", 0.0),
)
RESULT = Result("Ada <L>.md", lines=LINES, remarks=("first", "1 of 3 lines right"), late="late")


class Cells(HTMLParser):
    """The texts of a page, and the tags that it has."""

    def __init__(self):
        super().__init__()
        self.texts, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


SAID = ["Ada <L>.md", "∂ℓ/∂ŷ", "−1.04", "✓ right", "2 of 2", "✗ wrong", "0 of 1",
        "∂ŷ/∂h: you wrote <0.3>, it is 0.5.", "decided by hand", "0.75 of 1", "said it", "first",
        "1 of 3 lines right", "Handed in late.", "2.75 of 4 points"]  # fmt: skip


def test_a_page_says_all_of_it_and_no_mark_up_of_a_student_works():
    parser = Cells()
    parser.feed(page(RESULT))
    assert [text for text in SAID if text not in parser.texts] == []
    assert not {"b", "script", "l"} & set(parser.tags)
    assert parser.tags.count("tr") == 1 + len(LINES)


def test_markdown_says_all_of_it():
    text = markdown(RESULT)
    assert [said for said in SAID if said not in text.replace("\\", "")] == []
    rows = [line.replace("\\|", "") for line in text.split("\n") if line.startswith("|")]
    assert [row.count("|") for row in rows] == [6] * (2 + len(LINES))


def test_a_pdf_says_all_of_it_on_pages_of_a4():
    pypdf = peer("pypdf")
    many = Result("long", lines=LINES * 30)
    for result, least in ((RESULT, 1), (many, 3), (Result("x", "it is a picture"), 1)):
        reader = pypdf.PdfReader(io.BytesIO(pdf(result)))
        assert len(reader.pages) >= least
        assert {tuple(map(round, page.mediabox[2:])) for page in reader.pages} == {(595, 842)}
        tree = reader.trailer["/Root"]["/StructTreeRoot"]["/K"]
        spoken = " ".join(figure.get_object()["/Alt"] for figure in tree).replace("\n", " ")
        if result is RESULT:
            gone = [word for said in SAID for word in said.split() if word not in spoken]
            assert gone == []
        assert result.problem in spoken


def test_no_text_of_a_pdf_leaves_its_column():
    for texts, _ in paper.pages(feedback._set(RESULT)):
        assert texts
        lines = {}
        for text in texts:
            right = text.x + plain(text.text, text.bold).width * text.size
            assert right <= paper.WIDTH - paper.MARGIN + 1
            assert text.y <= paper.HEIGHT - paper.MARGIN
            lines.setdefault(text.y, []).append((text.x, right))
        for places in lines.values():
            assert all(a[1] <= b[0] for a, b in pairwise(sorted(places)))


NAMES = {
    "Ada L_47_assignsubmission_file_/my sheet.md": "Ada L_47_assignsubmission_file_/my sheet",
    "Moodle 3/Bob O'M_48_assignsubmission_file_/s.csv": "Bob O'M_48_assignsubmission_file_/s",
    "Ada L_47_assignsubmission_file_sheet.docx": "Ada L_47_assignsubmission_file_sheet",
    "week 3/doejane_LATE_47_98_sheet-2.md": "doejane_LATE_47_98_sheet-2",
    "submission_311/sheet.md": "submission_311/sheet",
    "eve/sheet.md": "eve_sheet.md", "form.csv: ada@x.org": "form.csv_ ada_x.org",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_report_has_the_name_by_which_the_system_knows_its_student(name):
    made = reports([Result(name)], Path("back"), ("md", "html", "pdf"))
    wanted = [Path("back") / f"{NAMES[name]}.report.{form}" for form in FORMS]
    assert [path for path, _ in made] == wanted


def test_an_archive_holds_what_a_folder_would_and_is_the_same_each_time():
    results = [Result(name) for name in NAMES]
    ((path, content),) = reports(results, Path("back.zip"), ("html",))
    assert path == Path("back.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    beside = {str(path): text for path, text in reports(results, Path(), ("html",))}
    assert inside == beside
    assert reports(results, Path("back.zip"), ("html",)) == [(path, content)]
