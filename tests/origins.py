"""Where the numbers of the lectures come from: each called *slide* stands there beside its symbol.

`make origins DECKS=folder` reads the decks' text in that folder, holds the digest against it, and
the lectures against the digest. The digest has of each slide its lines in that text, their hash,
the numbers with the symbols beside them, and the names in its formulas; none of its sentences.
With --write the numbers, names and hashes are written anew.
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
    (r"\^\{\((\d)\)\}", r"_\1"),
    (r"_\{([^{}]*)\}", r"\1"),
    (r"_(?=\w)", ""),
    (r"_(\d)", r"(\1)"),
    (r"\^\{([^{}]*)\}", r"^\1"),
    (r"\\frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1/\2"),
    (r"\\partial\s*", "∂"),
    (r"\\ell(?![a-z])", "ℓ"),
    (r"\\times", "×"),
    (r"\\approx", "="),
    (r"\\in(?![a-z])", " in "),
    (r"\\(lambda|sigma|eta|theta)", r"\1"),
    (r"\$|\*\*|\\left|\\right|\\[,;!]", " "),
]
_NUMBER = r"-?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:e-?\d+)?(?:\s*×\s*10\^-?\d+)?"


def symbol(text: str) -> str:
    """A symbol in one spelling: ∂ℓ/∂w₂, \\frac{\\partial l}{\\partial w_2} → dl/dw2."""
    plain = level(text).replace("⁽", "(").replace("⁾", ")")
    plain = re.sub(r"ŷ|yhat", "y^", plain).replace("ℓ", "l").replace("loss", "l").replace("∂", "d")
    plain = plain.replace("λ", "lambda").replace("σ", "sigma").replace("hat", "^")
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


def names_of(text: str) -> list[str]:
    """The names in a slide's formulas, without the number of a layer."""
    text = re.sub(r"\^\{\(\d\)\}", "", text)
    formulas = "\n".join(a or b for a, b in _FORMULA.findall(text))
    for pattern, instead in _TEX:
        formulas = re.sub(pattern, instead, formulas)
    return sorted(set(_NAME.findall(_WORD.sub(" ", symbol(formulas.replace(" ", "~"))))))


_FORMULA = re.compile(r"\$+(.+?)\$+|(?<= )(\w_\w)(?= )", re.DOTALL)
_WORD = re.compile(r"softmax|sigmoid|sigma|log|max|mean|relu|dropout|ReLU")
_NAME = re.compile(r"[A-Zabce-z]\^?\d*|theta|lambda")


# Holding the lectures against it -----------------------------------------------------------------


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
    """The names of a formula that are not on the slide; its left side may have a name of ours."""
    known = set(digest[slide]["names"])
    shown = text.partition(" ≡ ")[2] if called else text
    used = _NAME.findall(_WORD.sub(" ", symbol(re.sub("⁽.⁾", "", shown))))
    missing = sorted({name for name in used if not {name, name.rstrip("0123456789")} & known})
    return [f"{row.label}: {text}: no {', '.join(missing)} on {slide}"] if missing else []


def every_row() -> list[Row]:
    return [row for deck in DECKS.values() for row in deck]


def of_text(lines: list[str], first: int, last: int) -> dict[str, object]:
    """The digest of one slide."""
    text = "\n".join(lines[first - 1 : last])
    return {
        "lines": [first, last],
        "sha256": sha256(text.encode()).hexdigest(),
        "numbers": numbers_of(text),
        "names": names_of(text),
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
    anew = {slide: of_text(decks[slide[0]], *entry["lines"]) for slide, entry in digest.items()}
    anew = json.loads(json.dumps(anew))
    if write:
        lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in anew.items()]
        DIGEST.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    differ = [] if write else [slide for slide in digest if digest[slide] != anew[slide]]
    wrong = [f"{slide}: the digest is of another text" for slide in differ]
    wrong += misattributed(every_row(), anew)
    print("\n".join(wrong) or f"{len(anew)} slides; every number called slide stands there")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
