"""What stands behind the condition of a query: `group by`, `sort`, `fields`, `limit`, `cursor`, each at most once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from placet.query.conditions import read_path
from placet.query.fields import Field, FieldType, Resource
from placet.query.query import BUCKETS, Group, Path, Query, Sort
from placet.query.reader import RESERVED, Fit, Reader, listed
from placet.query.scanner import Kind, Token
from placet.query.values import shown

MAX_LISTED = 50
MAX_ROWS = 2**31 - 1
_DIGITS = len(str(MAX_ROWS))

_INTEGER = re.compile(r"[0-9]+")
#: What groups are sorted by besides what they are grouped by.
_FIGURES = {name: Path(Field(name, FieldType.NUMBER)) for name in ("count", "median")}
_CLAUSES = ("group", "sort", "fields", "limit", "cursor")

T = TypeVar("T")


@dataclass
class _Said:
    """The clauses so far, and where the parts stand that are checked when all are known."""

    group: list[Group] = field(default_factory=list)
    sort: list[tuple[Sort, Token]] = field(default_factory=list)
    fields: list[Path] = field(default_factory=list)
    limit: int | None = None
    cursor: str | None = None
    where: dict[str, Token] = field(default_factory=dict)


class Clauses:
    """Reads the clauses of one query."""

    def __init__(self, reader: Reader, resource: Resource) -> None:
        self._reader = reader
        self._resource = resource
        self._said = _Said()

    def stands_here(self) -> bool:
        """Whether a clause begins here; a field is never called like one."""
        token = self._reader.token
        return token.kind is Kind.WORD and token.text.casefold() in _CLAUSES

    def read(self) -> Query:
        """All clauses up to the end, as a query without a condition."""
        said = self._said
        while clause := self._reader.accept(*(each for each in _CLAUSES if each not in said.where)):
            said.where[clause] = self._reader.last
            self._read(clause)
        self._finish()
        self._check()
        return Query(
            None, tuple(said.group), tuple(key for key, _ in said.sort), tuple(said.fields), said.limit, said.cursor
        )

    def _read(self, clause: str) -> None:
        said, reader = self._said, self._reader
        match clause:
            case "group":
                reader.expect("by")
                said.group = self._list(self._group)
            case "sort":
                reader.accept("by")
                said.sort = self._list(self._key)
            case "fields":
                said.fields = self._list(self._path)
            case "limit":
                said.limit = self._limit()
            case _:
                reader.fits.append(Fit("what came as the cursor of a page", "value"))
                said.cursor = (reader.take_value() or reader.refuse()).text

    def _list(self, read: Callable[[], T]) -> list[T]:
        listed_ = [read()]
        while self._reader.accept(",", kind="sign"):
            listed_.append(read())
            if len(listed_) > MAX_LISTED:
                raise self._reader.refusal(f"More than {MAX_LISTED} are too many for one list.", self._reader.last)
        return listed_

    def _group(self) -> Group:
        token = self._word(*(Fit(each, "bucket") for each in BUCKETS))
        bucket = token.text.casefold()
        if bucket not in BUCKETS or not self._reader.accept("(", kind="sign"):
            return Group(self._shown(token))
        inner = self._word(kind="time")
        path = self._shown(inner)
        if path.field.type is not FieldType.TIME:
            times = listed([each.name for each in self._resource.fields if each.type is FieldType.TIME] or ["times"])
            wrong = f"{path.name} is no time, so there is no {bucket} of it; write {bucket}(…) of {times}."
            raise self._reader.refusal(wrong, inner, path.name)
        self._reader.expect(")", kind="sign")
        return Group(path, bucket)

    def _key(self) -> tuple[Sort, Token]:
        token = self._word(*(Fit(each, "keyword") for each in _FIGURES))
        path = _FIGURES.get(token.text.casefold()) or self._shown(token)
        return Sort(path, self._reader.accept("asc", "desc") == "desc"), token

    def _path(self) -> Path:
        return self._shown(self._word())

    def _word(self, *others: Fit, kind: str = "column") -> Token:
        reader = self._reader
        reader.fits += [Fit(f"a field of {self._resource.name}", kind, self._resource), *others]
        if reader.token.kind is not Kind.WORD or reader.token.text.casefold() in RESERVED:
            reader.refuse()
        return reader.take()

    def _shown(self, token: Token) -> Path:
        found = read_path(self._reader, token, self._resource)
        if found.relation is not None and not found.relation.single:
            name = found.relation.name
            wrong = (
                f"There are several {name} for each of {self._resource.name}; take a field of {self._resource.name}."
            )
            raise self._reader.refusal(wrong, token, name)
        return Path(found.field, found.relation)

    def _limit(self) -> int:
        reader = self._reader
        reader.fits.append(Fit("a number of rows", "value"))
        token = reader.token
        if token.kind is not Kind.WORD or not _INTEGER.fullmatch(token.text):
            reader.refuse()
        if len(token.text) > _DIGITS or not 1 <= int(token.text) <= MAX_ROWS:
            raise reader.refusal(
                f"limit {shown(token.text)} does not work; give a number from 1 to {MAX_ROWS}.", token, "limit"
            )
        return int(reader.take().text)

    def _finish(self) -> None:
        token = self._reader.token
        again = token.text.casefold() if token.kind is Kind.WORD else ""
        if again in self._said.where:
            raise self._reader.refusal(f"{again} stands here a second time; join the two.", token, again)
        self._reader.finish()

    def _check(self) -> None:
        said, refusal = self._said, self._reader.refusal
        if said.group and said.fields:
            raise refusal(
                "Groups have columns of their own; leave fields out, or group by.", said.where["fields"], "fields"
            )
        grouped = [group.path for group in said.group]
        for key, token in said.sort:
            is_figure = key.path in _FIGURES.values()
            if said.group and not is_figure and key.path not in grouped:
                ways = listed([*(path.name for path in grouped), *_FIGURES])
                raise refusal(f"Groups are not sorted by {key.path.name}; sort by {ways}.", token, key.path.name)
            if is_figure and not said.group:
                raise refusal(
                    f"{key.path.name} sorts groups; write group by, or sort by a field.", token, key.path.name
                )
