"""Where the numbers of the lectures come from: each called *slide* stands there beside its symbol.

`make origins DECKS=folder` reads the decks' text in that folder, holds the digest against it, and
the lectures against the digest. The digest has of each slide its lines in that text, their hash,
the numbers with the symbols beside them, and its formulas; none of its sentences. With --write the
numbers, formulas and hashes are written anew.
"""

from __future__ import annotations

import json
import re
import sys
from hashlib import sha256
from pathlib import Path

from scalargrad.checking.reading import UnreadableNumber, read
from scalargrad.lectures.decks import DECKS
from scalargrad.lectures.rows import Row
from scalargrad.lectures.statements import SLIDE
from scalargrad.notation.names import level

DIGEST = Path(__file__).parent / "lectures" / "digest.json"
FILES = {"B": "deck_B.txt", "N": "deck_N.txt"}

# Reading a slide ---------------------------------------------------------------------------------

_TEX = [
    (r"\\(?:mathbf|boldsymbol|text|textit)\s*\{([^{}]*)\}", r"\1"),
    (r"\\(hat|tilde)\s*\{([^{}]*)\}", r"\2\1"),
    (r"\^\{(\(\d\))\}", r"\1"),
    (r"\^\{(-?[a-z][^{}]*|[^{}]*[a-z])\}", r"^(\1)"),
    (r"_\{([^{}]*)\}", r"\1"),
    (r"_(?=\w)", ""),
    (r"\^\{([^{}]*)\}", r"^\1"),
    (r"\\frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1/\2"),
    (r"\\partial\s*", "∂"),
    (r"\\ell(?![a-z])", "ℓ"),
    (r"\\([{}]|max|log)", r"\1"),
    (r"\\times", "×"),
    (r"\\approx", "="),
    (r"\\in(?![a-z])", " in "),
    (r"\\(lambda|sigma|eta|theta)", r"\1"),
    (r"\$|\*\*|\\left|\\right|\\[,;!]", " "),
]
_NUMBER = r"-?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:e-?\d+)?(?:\s*×\s*10\^-?\d+)?"


def symbol(text: str) -> str:
    """A symbol in one spelling: ∂ℓ/∂w₂, \\frac{\\partial l}{\\partial w_2} → dl/dw2."""
    plain = level(re.sub("(?<!⁽)²", "^2", text).replace("′", "'"))
    plain = plain.replace("⁽", "(").replace("⁾", ")")
    plain = re.sub(r"ŷ|yhat", "y^", plain).replace("ℓ", "l").replace("loss", "l").replace("∂", "d")
    plain = plain.replace("λ", "lambda").replace("σ", "sigma").replace("hat", "^").replace("−", "-")
    return re.sub(r"[\s_{}]", "", plain)


def numbers_of(text: str) -> list[tuple[str, str]]:
    """The numbers of a slide, each with a symbol that stands beside it."""
    for pattern, instead in _TEX:
        text = re.sub(pattern, instead, text)
    found: list[tuple[str, str]] = []
    products: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, re.sub(" then ", "\n", text).splitlines())):
        found += _in_prose(line)
        sides = [side.strip() for side in re.split("=", line)]
        sides[0] = sides[0].rpartition(": ")[2] if "/" in sides[0] else sides[0].split(" ")[-1]
        if (
            len(sides) > 1
            and re.fullmatch(r"\(.*\)", sides[1])
            and "(x,y)" in line.replace(" ", "")
        ):
            pair = re.search(r"\(x,\s*y\) = \((\S+?),\s*(\S+?)\)", line)
            found += list(zip("xy", pair.groups(), strict=True)) if pair else []
            continue
        numbers = [side for side in sides if re.fullmatch(_NUMBER, side)]
        for side in sides:
            if not re.fullmatch(_NUMBER, side) or "^" in side:
                found += [(symbol(side), number) for number in numbers if number != side]
            factors = re.split(r"\s*×\s*", side)
            if len(factors) > 1:
                head = symbol(sides[0])
                known = products.setdefault(head, factors)
                for name, number in zip(known, factors, strict=False):
                    bare = number.strip("()")
                    if known is not factors and re.fullmatch(_NUMBER, bare):
                        found.append((symbol(name), bare))
    return sorted(set(found))


def _in_prose(line: str) -> list[tuple[str, str]]:
    """A number with the word, or the sign, before and after it."""
    found = []
    for match in re.finditer(rf"(?<![\w.^(/]){_NUMBER}(?![\w^])", line):
        before = re.findall(
            r"[A-Za-z'()λ0-9]+(?==? ?\[?$)|[A-Za-z]+(?= ?[=\[]? ?$)", line[: match.start()]
        )
        after = re.findall(r"^ ([A-Za-z]+)", line[match.end() :])
        found += [(symbol(word), match[0]) for word in (*before, *after)]
    for opened in re.finditer(rf"in\s+\[({_NUMBER}),\s*({_NUMBER})\]", line):
        found += [("in", number) for number in opened.groups()]
    return found


# Formulas ----------------------------------------------------------------------------------------

_MISREAD = {  # what the text of a slide has for what stands on it
    "B30": [
        (r"\\xrightarrow\{-y (.*?)\}\$ \$\\xrightarrow\{(.*)\}\$ \$\\ell\(.*?\)\$",
         r"\\ell = -y \1\2$"),
        (r"\\frac\{\\partial w_\{11\}\}(.*)w_\{12\}(.*)w_\{12\}(.*)\\chi",
         r"\\frac{\\partial l}\1l\2\\hat{y}\3x"),
    ],
    "B31": [(r"partial \\hat\{v\}", r"partial l")],
    "B32": [(r"partial u", r"partial l"), (r"\{v\}", "{y}"), (r"x\$", "x_1$")],
}  # fmt: skip
_FORMULA = re.compile(r"\$+(.+?)\$+", re.DOTALL)
_ARROW = re.compile(r"\\longrightarrow|\\xrightarrow\{(?:[^{}]|\{[^{}]*\})*\}")
_FRACTION = re.compile(r"\\frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}")


def formulas_of(text: str, slide: str = "") -> list[str]:
    """The equations of a slide, each side in one spelling; the first side once for each other."""
    for wrong, right in _MISREAD.get(slide, []):
        text = re.sub(wrong, right, text)
    text = _ARROW.sub("$ $", text)
    found = []
    for formula in _FORMULA.findall(text):
        if r"\sum" in formula:
            continue
        formula = _FRACTION.sub(lambda f: f"{_factor(f[1])}/{_factor(f[2])}", formula)
        for pattern, instead in _TEX:
            formula = re.sub(pattern, instead, formula)
        for part in re.split(r"\\quad|\\ (?=∂)|(?<=\)) *, *(?=∂)", formula):
            first, *others = map(spelling, re.split(" = |=(?! )", part.rstrip(", ")))
            found += [f"{first} = {other}" for other in others if first and other]
            found += [first] if not others and re.search(r"\w.*[-+]", first) else []
    other = re.compile(r"[\\;{]|^\[|dots|arrow|= [-\d.^()]+$|\(x,y\)|1,2")
    return [formula for formula in dict.fromkeys(found) if not other.search(formula)]


def _factor(tex: str) -> str:
    return f"({tex})" if re.search(r"\w.*[-+]", re.sub(r"[_^]\{[^{}]*\}", "", tex)) else tex


def spelling(formula: str) -> str:
    """One side of an equation in one spelling, a function without its arguments."""
    return re.sub(r"(?<!log)(?<=[lLfgh])\([^()]*\)", "", symbol(re.sub("[×·]", "", formula)))


def formulas_in(row: Row) -> set[str]:
    """The equations of a row: those of its claims, and of its program."""
    equations = [item.rest.split(" ≡ ") for item in row.items if " ≡ " in item.rest]
    equations += [re.split(" *= *", line) for line in re.split("[;\n]", row.text) if "=" in line]
    return {f"{spelling(a)} = {spelling(b)}" for a, b in (e for e in equations if len(e) == 2)}


# Holding the lectures against it -----------------------------------------------------------------

IN_WORDS = {  # what no program can state: a row tells it in its words
    "B9 y^ = f", "B30 dy^/dz = sigma'(z)", "B31 dy^/dz = sigma'(z)", "N2 wt = wt-1-etadL/dwt-1",
    "N42 h' = dropout(h)", "N45 h/(1-p)",
}  # fmt: skip


def left_out(rows: list[Row], digest: dict[str, dict]) -> list[str]:
    """The formulas of slides that do not stand in their rows."""
    return [
        f"{row.label} has {formula}, which its row leaves out"
        for row in rows
        for formula in digest.get(row.label, {"formulas": []})["formulas"]
        if f"{row.label} {formula}" not in IN_WORDS and not _stands(formula, formulas_in(row))
    ]


def _stands(formula: str, among: set[str]) -> bool:
    """Whether a formula is among others; its left side may have another name there."""
    right = formula.split(" = ")[-1]
    return formula in among or right in {other.split(" = ")[-1] for other in among}


def misattributed(rows: list[Row], digest: dict[str, dict]) -> list[str]:
    """What is called *slide* and does not stand there."""
    wrong = []
    for row in rows:
        for entry in row.inputs:
            if entry.origin == SLIDE:
                wrong += _number(row, entry.slide, entry.called or entry.name, entry.number, digest)
        for item in row.items:
            slide = row.label if item.word == SLIDE else item.word
            if not re.fullmatch("[BN][0-9]+", slide):
                continue
            if " ≡ " in item.rest:
                wrong += _formula(row, slide, item.rest, item.called, digest)
            elif (
                not any(relation in item.rest for relation in (" < ", " > ", " ≠ ")) or item.called
            ):
                what, _, number = re.split(" ([=≈<]) ", item.rest)
                wrong += _number(row, slide, item.called or what, number, digest)
    return wrong


def _number(row: Row, slide: str, what: str, number: str, digest: dict[str, dict]) -> list[str]:
    pairs = [(s, n) for s, n in digest[slide]["numbers"] if s == symbol(what)]
    if any(_same(number, stated) for _, stated in pairs):
        return []
    beside = ", ".join(f"{s} {n}" for s, n in digest[slide]["numbers"]) or "no numbers"
    return [f"{row.label}: {what} = {number} is not on {slide}, which has {beside}"]


def _same(a: str, b: str) -> bool:
    try:
        return read(a).middle == read(b.replace(",", "").replace(" ", "")).middle
    except UnreadableNumber:
        return False


def _formula(row: Row, slide: str, text: str, called: str, digest: dict[str, dict]) -> list[str]:
    """A formula that is not on the slide; its left side may have a name of ours."""
    known = digest[slide]["formulas"]
    formula = " = ".join(map(spelling, text.split(" ≡ ")))
    stands = _stands(formula, {*known}) if called else formula in known
    return [] if stands else [f"{row.label}: {text} is not on {slide}, which has {known}"]


def every_row() -> list[Row]:
    return [row for deck in DECKS.values() for row in deck]


def of_text(slide: str, lines: list[str], first: int, last: int) -> dict[str, object]:
    """The digest of one slide."""
    text = "\n".join(lines[first - 1 : last])
    return {
        "lines": [first, last],
        "sha256": sha256(text.encode()).hexdigest(),
        "numbers": numbers_of(text),
        "formulas": formulas_of(text, slide),
    }


def main() -> int:
    write = "--write" in sys.argv
    folders = [Path(argument) for argument in sys.argv[1:] if argument != "--write"]
    missing = [name for name in FILES.values() if not (folders and (folders[0] / name).is_file())]
    if missing:
        print(f"make origins DECKS=folder: {' and '.join(missing)} are looked for in the folder")
        return 2
    folder = folders[0]
    digest = json.loads(DIGEST.read_text(encoding="utf-8"))
    decks = {d: (folder / f).read_text(encoding="utf-8").splitlines() for d, f in FILES.items()}
    anew = {
        slide: of_text(slide, decks[slide[0]], *entry["lines"]) for slide, entry in digest.items()
    }
    anew = json.loads(json.dumps(anew))
    if write:
        lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in anew.items()]
        DIGEST.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    differ = [] if write else [slide for slide in digest if digest[slide] != anew[slide]]
    wrong = [f"{slide}: the digest is of another text" for slide in differ]
    wrong += misattributed(every_row(), anew) + left_out(every_row(), anew)
    count = sum(len(entry["formulas"]) for entry in anew.values())
    right = (f"{len(anew)} slides; every number and formula called slide stands there, and their "
             f"{count} formulas stand in the rows, {len(IN_WORDS)} of them in words")  # fmt: skip
    print("\n".join(wrong) or right)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
