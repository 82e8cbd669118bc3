"""Signs as they are pasted from documents, slides, pages and chats: one sign for each meaning.

Each character becomes one other character, so that places in the text stay what they were.
"""

from __future__ import annotations

import re
import unicodedata

_ZERO = "[\xad\u180e\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]"
# Those inside a word stay, so that it is refused: it would look like another word.
_WITHOUT_WIDTH = re.compile(rf"(?<!\w){_ZERO}|{_ZERO}(?!\w)|[\u2061-\u2064]")
# Wide, or letters of an equation; 𝟙 begins an indicator, and ℓ is a name.
_STYLED = re.compile("[ℊ-ℌℎℐ-ℒℛℬℯ-ℱℳℴ！-～𝐀-𝟘𝟚-𝟿]")
_ALIKE = str.maketrans(
    "\v\f\x85\u2028\u2029" "‒—―‑﹣➖" "⁄∕" "✕✖⨯╳" "‧・" "∣❘ǀ" "‘’‛‚" "“”„‟«»" "≦≧∆➕➗、。",
    "\n\n\n\n\n" "−−−−−−" "//" "××××" "··" "|||" "''''" '""""""' "≤≥Δ+÷,.",
)  # fmt: skip


def plain_signs(text: str) -> str:
    r"""The same text in the signs that are typed; what has no width is a space.

    >>> plain_signs("𝑥 ＝ ２\u2028y = 3\u2062𝑥"), plain_signs("x—½")
    ('x = 2\ny = 3 x', 'x−½')
    """
    text = text.translate(_ALIKE)
    if text.isascii():
        return text
    text = _WITHOUT_WIDTH.sub(" ", text)
    return _STYLED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
