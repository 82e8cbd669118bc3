"""Colours for programs in documents: a lexer for Pygments, found as "sg"."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Name, Number, Operator, Punctuation, Whitespace

_NAME = r"(?:\\[A-Za-z]+(?:\{[^}\n]*\})?|[^\W\d][\w\u0300-\u036f′₀-₉⁽⁾]*)"


class ProgramLexer(RegexLexer):
    """Tokens of program text; what it does not know is an operator, never an error."""

    name = "scalargrad"
    aliases: ClassVar = ["sg", "scalargrad"]
    filenames: ClassVar = ["*.sg"]
    tokens: ClassVar = {
        "root": [
            (r"\s+", Whitespace),
            (r"#\|.*", Comment.Preproc),
            (r"#.*", Comment.Single),
            (rf"{_NAME}(?=\()", Name.Function),
            (_NAME, Name.Variable),
            (r"~?(\d+(\.(?!\.)\d*)?|\.\d+)([eE][+-]?\d+)?|[½⅓¼¾⅔]", Number),
            (r"[()\[\]{},;:|]", Punctuation),
            (r".", Operator),
        ]
    }
