"""A fault of a definition file, and the list in which they are gathered."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_MOST = 15  # names in one message


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line and a column, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong with a file, where, and what would work."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class Faults:
    """The faults of one file as they are found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: set[Fault] = set()

    def add(self, place: Place, message: str) -> None:
        self._found.add(Fault(self.file, place.line, place.column, message))

    def __bool__(self) -> bool:
        return bool(self._found)

    def sorted(self) -> list[Fault]:
        return sorted(self._found)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that there is not: the nearest one, or those that there are."""
    names = list(known)
    near = get_close_matches(given, names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    if not names:
        return "there are none."
    return f"there are: {', '.join(names[:_MOST])}{', …' if len(names) > _MOST else '.'}"
