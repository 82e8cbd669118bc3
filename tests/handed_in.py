"""One sheet in the forms in which people hand it in."""

import io
import zipfile
from dataclasses import replace

from peers import peer

from scalargrad.sheets.worksheet import worksheet

PROGRAM = "x = 2; y = 1; w = 0.8; v = 0.3; h = relu(w*x); yhat = v*h; loss = (yhat - y)^2"
SHEET = worksheet(PROGRAM, ask="path:w").with_id(7)
ANSWERS = ("-1.04", "0.3", "2", "-0.624")
ROWS = list(zip(SHEET.answers, ANSWERS, strict=True))


def filled(*answers):
    lines = [replace(line, written=written)
             for line, written in zip(SHEET.lines, answers, strict=True)]  # fmt: skip
    return replace(SHEET, lines=tuple(lines)).markdown()


HTML_ROWS = "".join(f"<tr><td>{name}</td><td><b>{answer}</b></td></tr>" for name, answer in ROWS)
GRID = "\n".join(
    ["+-------+--------+", "| Größe | Wert   |", "+=======+========+",
     *(line for name, answer in ROWS
       for line in (f"| {name} | {answer} |", "+-------+--------+"))]
)  # fmt: skip
TEXTS = {
    "as-is.md": filled(*ANSWERS),
    "text.txt": filled(*ANSWERS),
    "no-suffix": filled(*ANSWERS),
    "two-columns.txt": "Ada Lovelace\n\n" + "\n".join(f"{a:14}{b}" for a, b in ROWS),
    "tabs.txt": "\n".join(f"{a}\t{b}" for a, b in ROWS),
    "tabs.tsv": "Größe\tAntwort\n" + "\n".join(f"{a}\t{b}" for a, b in ROWS),
    "equals.txt": "\n".join(f"{a} = {b}" for a, b in ROWS),
    "colons.txt": "\n".join(f"* {a}: {b}".replace("* ", "") for a, b in ROWS),
    "simple-table.md": "  Größe     Wert\n  --------  -----\n"
    + "\n".join(f"  {a}     {b}" for a, b in ROWS),
    "grid.md": GRID,
    "german.md": "| Größe | Antwort |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in ROWS),
    "numbered.csv": "Nr;Größe;Antwort\n" + "\n".join(
        f"{n};{a};{b}" for n, (a, b) in enumerate(ROWS, 1)),
    "greek.csv": "ποσότητα,απάντηση\n" + "\n".join(f"{a},{b}" for a, b in ROWS),
    "commas.csv": "quantity;answer\n" + "\n".join(f"{a};{b}".replace(".", ",") for a, b in ROWS),
    "unquoted-commas.csv": "quantity,answer\n"
    + "\n".join(f"{a},{b}".replace(".", ",") for a, b in ROWS),
    "decimal-commas.md": filled(*[answer.replace(".", ",") for answer in ANSWERS]),
    "page.html": "<html><style>td {color: red}</style><p>Ada<table><tr><th>quantity<th>answer</tr>"
    f"{HTML_ROWS}</table><script>alert(1)</script></html>",
    "page-in-swedish.htm": f"<table><tr><th>storhet</th><th>svar</th></tr>{HTML_ROWS}</table>",
}  # fmt: skip


def docx_of(rows, path):
    docx = peer("docx")
    document = docx.Document()
    document.add_paragraph("Ada Lovelace")
    document.add_paragraph(SHEET.prose)
    table = document.add_table(rows=0, cols=2)
    for cells in [("Größe", "Antwort"), *rows]:
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            cell.text = text
    document.save(path)


def pdf_of(lines):
    """A PDF file by hand: each piece of text with its place."""
    text = "".join(
        f"BT /F1 11 Tf {x} {y} Td ({piece}) Tj ET\n" for piece, x, y in lines
    ).encode()  # fmt: skip
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources"
        b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
    ]  # fmt: skip
    content, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj%s endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(content)
    return content + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def zipped(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()
