"""What a form is: fields in their order, each for one data item, and where the choices of a field come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from placet.core.expressions import Expression
from placet.core.pattern import Pattern


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: the value as it is stored, and what people read, by language; "" is in any."""

    value: Any
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListedChoices:
    """Choices that the definition lists."""

    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class DataChoices:
    """Choices that are the `[value, label]` rows of a data item, which an earlier activity has set."""

    item: str


@dataclass(frozen=True, slots=True)
class ConnectorChoices:
    """Choices that a connector gives: `rows` makes rows of its `response`; without, its result has to be rows."""

    connector: str
    inputs: Mapping[str, Expression] = field(default_factory=dict)
    rows: Expression | None = None
    cache: timedelta = timedelta(minutes=1)


Choices: TypeAlias = ListedChoices | DataChoices | ConnectorChoices


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Asks for one data item, or shows it.

    Lengths, bounds and `pattern`, which all of a text has to match, hold for each value of an item that has several.
    """

    item: str
    labels: Mapping[str, str] = field(default_factory=dict)
    helps: Mapping[str, str] = field(default_factory=dict)
    section: str = ""
    required: bool = False
    pattern: Pattern | None = None
    min_length: int | None = None
    max_length: int | None = None
    minimum: Any = None  # as it is stored
    maximum: Any = None
    choices: Choices | None = None
    visible: Expression | None = None
    read_only: Expression | None = None


def in_english(texts: Mapping[str, str]) -> str:
    """A text in English, or in any language; "" where there is none."""
    return texts.get("en") or texts.get("", "")


@dataclass(frozen=True, slots=True)
class Form:
    """Fields by the data items that they are for, in their order, and the titles of their sections by language."""

    fields: Mapping[str, Field]
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
