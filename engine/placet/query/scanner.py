"""The words of a query, one at a time: only the parser knows whether a value comes next, where a DN may stand bare."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum

from placet.errors import InvalidFilter
from placet.query.storable import unstorable_in
from placet.query.values import shown

_SPACE = re.compile(r"\s*")
_SYMBOL = re.compile(r"<=|>=|!=|==|<>|[(),=<>]")  # two of them mean nothing here, and are told what does
_WORD = re.compile(r"""[^\s(),=<>!'"]+""")
_PART = r"""[A-Za-z][A-Za-z0-9-]*=(?:[^\s(),=<>!'"\\]|\\\S)*"""
_DN = re.compile(rf"{_PART}(?:,{_PART})*")
_BEGUN_DN = re.compile(rf"{_PART}(?:,{_PART})*(?:,[A-Za-z0-9-]*\Z)?")
_QUOTED = {"'": re.compile(r"'[^']*(?:''[^']*)*'"), '"': re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)}


class Kind(Enum):
    WORD = "word"
    QUOTED = "quoted"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query from `start` to `end`; `text` is what it says, of a quoted one without the quotes.

    Where somebody is still typing, the end of the query begins where the unfinished word does, and its text is that.
    """

    kind: Kind
    text: str
    start: int
    end: int


class Scanner:
    """Reads the tokens of a text; with `unfinished` the word that touches its end is not one yet."""

    def __init__(self, text: str, *, unfinished: bool = False) -> None:
        self.text = text
        self._unfinished = unfinished

    def read(self, at: int, *, value: bool = False) -> Token:
        """The token that begins at or behind `at`; where a `value` is expected a bare DN is one token."""
        found = _SPACE.match(self.text, at)
        start = found.end() if found else at
        if start == len(self.text):
            return Token(Kind.END, "", start, start)
        if self.text[start] in _QUOTED:
            return self._quoted(start)
        if symbol := _SYMBOL.match(self.text, start):
            return Token(Kind.SYMBOL, symbol[0], start, symbol.end())
        dn = _BEGUN_DN if self._unfinished else _DN
        word = (dn.match(self.text, start) if value else None) or _WORD.match(self.text, start)
        if word is None:
            return self._stray(start)
        kind = Kind.END if self._unfinished and word.end() == len(self.text) else Kind.WORD
        return Token(kind, word[0], start, word.end())

    def _quoted(self, start: int) -> Token:
        quote = self.text[start]
        found = _QUOTED[quote].match(self.text, start)
        if found is None and self._unfinished:
            return Token(Kind.END, self.text[start + 1 :], start, len(self.text))
        if found is None:
            raise self._refusal(f"The text that begins with {quote} never ends; put {quote} behind it.", start)
        said = found[0][1:-1].replace("''", "'") if quote == "'" else self._unescaped(found[0], start)
        return Token(Kind.QUOTED, said, start, found.end())

    def _unescaped(self, quoted: str, start: int) -> str:
        try:
            said = str(json.loads(quoted, strict=False))
        except json.JSONDecodeError as failure:
            wrong = f"The text {shown(quoted)} has an escape that JSON does not know; write \\\\ for a backslash."
            raise self._refusal(wrong, start + failure.pos) from None
        if bad := unstorable_in(said):
            raise self._refusal(f"The text {shown(quoted)} has {bad}; leave it out.", start)
        return said

    def _stray(self, start: int) -> Token:
        if self._unfinished and start + 1 == len(self.text):
            return Token(Kind.END, self.text[start], start, start + 1)
        raise self._refusal(f"{self.text[start]!r} alone means nothing; write != or not.", start)

    def _refusal(self, message: str, start: int) -> InvalidFilter:
        return InvalidFilter(message).at(start, self.text, start + 1)
