"""Reads a query token by token and remembers what would have fitted where it stands: for errors and for completion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from placet.errors import InvalidFilter
from placet.query.fields import Field, Resource
from placet.query.scanner import Kind, Scanner, Token
from placet.query.values import shown

#: Words that are no values unless they are quoted.
RESERVED = frozenset(
    {"and", "or", "not", "in", "between", "is", "null", "contains", "startswith"}
    | {"group", "sort", "fields", "limit", "cursor"}
)
#: What other languages call what this one calls otherwise.
_OTHERWISE = {
    "==": "=", "<>": "!=", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "like": "contains",
    "ilike": "contains", "~": "contains", "matches": "contains", "order": "sort", "orderby": "sort", "select": "fields",
    "columns": "fields", "top": "limit", "take": "limit", "having": "group", "none": "null", "nil": "null",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """Something that may stand at a place: a word or sign as it is, a field of `resource`, or a value of `field`.

    Kinds are keyword, operator, sign, bucket, value, and three of paths: path for any, column for what every row has
    one of, time for such a time.
    """

    text: str
    kind: str
    resource: Resource | None = None
    field: Field | None = None


class Reader:
    """The tokens of one query; `fits` are what was asked for since the last one was taken, `values` all so far."""

    def __init__(self, text: str, *, unfinished: bool = False) -> None:
        self.text = text
        self.fits: list[Fit] = []
        self.values: list[Token] = []
        self._scanner = Scanner(text, unfinished=unfinished)
        self._after_bare_value = False
        self.last = Token(Kind.END, "", 0, 0)
        self.token = self._scanner.read(0)

    @property
    def at_end(self) -> bool:
        return self.token.kind is Kind.END

    def take(self) -> Token:
        """The token that stands here; the next one stands here afterwards."""
        self.last, self.token = self.token, self._scanner.read(self.token.end)
        self.fits = []
        self._after_bare_value = False
        return self.last

    def finish(self) -> None:
        """Refuse whatever still stands here."""
        if not self.at_end:
            self.refuse()

    def take_value(self) -> Token | None:
        """The value that stands here, where a bare DN is one, or None where there is no value."""
        self.token = self._scanner.read(self.token.start, value=True)
        is_bare = self.token.kind is Kind.WORD
        if self.token.kind is Kind.QUOTED or (is_bare and self.token.text.casefold() not in RESERVED):
            self.values.append(self.take())
            self._after_bare_value = is_bare
            return self.last
        return None

    def accept(self, *words: str, kind: str = "keyword") -> str | None:
        """Take the one of these words or signs that stands here, and say which; None where none of them does."""
        said = self.token.text.casefold() if self.token.kind in (Kind.WORD, Kind.SYMBOL) else None
        for word in words:
            if word == said:
                self.take()
                return word
        self.fits += [Fit(word, kind) for word in words]
        return None

    def expect(self, *words: str, kind: str = "keyword", key: str | None = None) -> str:
        """Like `accept`, but none of them is a mistake, about the field `key` if there is one."""
        return self.accept(*words, kind=kind) or self.refuse(key)

    def refuse(self, key: str | None = None) -> NoReturn:
        """Raise what is wrong with the token that stands here: what is given, what would fit, what may be meant."""
        given, fitting = self.token, f"What fits: {', '.join(dict.fromkeys(fit.text for fit in self.fits))}."
        if given.kind is Kind.END:
            raise self.refusal(f"Something is missing at the end. {fitting}", given)
        near = None if given.kind is Kind.QUOTED else self._nearest(given.text[:40].casefold())
        hint = f" Did you mean {near}?" if near else ""
        if not near and self._after_bare_value:
            hint = " A value with a space, comma or = in it stands in quotes."
        wrong = f"{shown(given.text)} does not fit at character {given.start + 1}.{hint} {fitting}"
        raise self.refusal(wrong, given, key, near)

    def _nearest(self, text: str) -> str | None:
        fitting = [fit.text for fit in self.fits if fit.kind != "value"]
        meant = _OTHERWISE.get(text)
        return meant if meant in fitting else next(iter(get_close_matches(text, fitting, n=1)), None)

    def refusal(
        self, message: str, token: Token, key: str | None = None, suggestion: str | None = None
    ) -> InvalidFilter:
        """What is wrong about a token, with its place."""
        return InvalidFilter(message, key, suggestion=suggestion).at(token.start, self.text, token.end)


def listed(words: Iterable[str]) -> str:
    """Words as a sentence has them: `Initiator, count or median`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
