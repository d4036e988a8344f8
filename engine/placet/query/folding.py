"""Text without case, letter by letter: each character folds to one, so that a database can do the same by a table."""

from __future__ import annotations

from unicodedata import ucd_3_2_0

_END = 0x10450  # behind the last letter of Unicode 3.2 that has a case


def _folded(letter: str) -> str:
    whole = letter.casefold()
    simple = whole if len(whole) == 1 else letter.lower()
    return simple if len(simple) == 1 else letter


def _table() -> dict[int, str]:
    # Letters of Unicode 3.2 only: another Python knows more of them, and what a database keeps must not change
    letters = (chr(code) for code in range(_END) if ucd_3_2_0.category(chr(code))[0] in "LMN")
    return {ord(letter): folded for letter in letters if (folded := _folded(letter)) != letter}


_TABLE = _table()
#: The two arguments of PostgreSQL's translate(): what is replaced, and by what, character by character.
FROM, TO = "".join(map(chr, _TABLE)), "".join(_TABLE.values())


def fold_text(text: str) -> str:
    """The form in which texts are compared; as long as the text itself, and folding it again changes nothing."""
    return text.translate(_TABLE)
