"""Colours for programs in documents: a lexer for Pygments, found as "sg"."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import string_to_tokentype

from scalargrad.authoring.colours import PIECES


class ProgramLexer(RegexLexer):
    """Tokens of program text."""

    name = "scalargrad"
    aliases: ClassVar = ["sg", "scalargrad"]
    filenames: ClassVar = ["*.sg"]
    tokens: ClassVar = {
        "root": [(pattern, string_to_tokentype(kind)) for kind, pattern in PIECES.items()]
    }
