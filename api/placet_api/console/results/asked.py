"""A query as the address of the page has it, and the queries that lie one click away from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from placet.errors import NotFound
from placet.query.ast import And, Comparison, IsNull, Node, Operator, Value, all_of
from placet.query.fields import RESOURCES, Field, FieldType, Resource
from placet.query.parser import parse_query
from placet.query.printer import query_text
from placet.query.query import Path, Query, Sort
from placet_api.console.page import Page
from placet_api.console.results.columns import ID_FIELDS, default_paths


@dataclass(frozen=True, slots=True)
class Asked:
    """What is searched (`of`, one of `RESOURCES`), how it was written, and how it reads."""

    of: str
    text: str
    query: Query

    @property
    def resource(self) -> Resource:
        return RESOURCES[self.of]

    @property
    def shown(self) -> tuple[Path, ...]:
        """The columns that a reader sees, unless it is groups that he sees."""
        return self.query.fields or default_paths(self.of)

    @property
    def run(self) -> Query:
        """The query as it is put to the engine: with what is shown, and last in each row the id that it leads to."""
        if self.query.group:
            return replace(self.query, limit=None, cursor=None)
        hidden = () if self.id_path in self.shown else (self.id_path,)
        return replace(self.query, fields=(*self.shown, *hidden), limit=None, cursor=None)

    @property
    def whole(self) -> Query:
        """The query for a file: all rows, with what is shown."""
        if self.query.group:
            return self.query
        return replace(self.query, fields=self.shown, cursor=None)

    @property
    def id_path(self) -> Path:
        """What says to which page a row leads."""
        return Path(self.resource.field(ID_FIELDS[self.of]))

    def sort_of(self, path: Path) -> str | None:
        """In which direction a column is sorted, in the word of `aria-sort`; None where rows are not in its order."""
        first = self.query.sort[0] if self.query.sort else None
        if first is None or first.path != path:
            return None
        return "descending" if first.descending else "ascending"

    # -- one click away --------------------------------------------------------------------------

    def _as_text(self, query: Query) -> str:
        return query_text(replace(query, cursor=None))

    def sorted_by(self, path: Path) -> str:
        """The query in the order of a column; the other way round where that is its order already."""
        first = self.query.sort[0] if self.query.sort else None
        if first is not None and first.path == path:
            descending = not first.descending
        else:
            descending = path.field.type in (FieldType.TIME, FieldType.NUMBER)  # who sorts by these wants the latest
        return self._as_text(replace(self.query, sort=(Sort(path, descending),)))

    def with_columns(self, paths: Sequence[Path]) -> str:
        """The query with other columns; none of its own where they are those that it has by itself."""
        fields = () if tuple(paths) == default_paths(self.of) else tuple(paths)
        return self._as_text(replace(self.query, fields=fields, group=()))

    def where(self, node: Node) -> str:
        """The query with a condition more, which goes before what is asked of the same field by now; not grouped."""
        chosen = node.field if isinstance(node, (Comparison, IsNull)) else None
        kept = self._parts() if chosen is None else self._others(chosen)
        where = all_of([*kept, node])
        if not self.query.group:
            return self._as_text(replace(self.query, where=where))
        return self._as_text(replace(self.query, where=where, group=(), sort=()))

    def without(self, field: Field) -> str:
        """The query without what it asks a field to equal."""
        return self._as_text(replace(self.query, where=_joined(self._others(field))))

    def besides(self, field: Field) -> Query:
        """The query whose values of a field are counted: those that one could choose instead count too."""
        return Query(where=_joined(self._others(field)))

    def chosen(self, field: Field) -> Value | None:
        """What the query asks a field to equal, if it asks for one value."""
        return next((part.value for part in self._parts() if _equals(part, field)), None)

    def _others(self, field: Field) -> list[Node]:
        return [part for part in self._parts() if not _equals(part, field)]

    def _parts(self) -> list[Node]:
        match self.query.where:
            case None:
                return []
            case And(parts):
                return list(parts)
            case node:
                return [node]


def parse_asked(of: str, text: str) -> Asked:
    """The query that a text states about a resource; raises `InvalidFilter`."""
    return Asked(of, text, parse_query(text, RESOURCES[of]))


def of_page(page: Page) -> str:
    """What the address of a page says is searched; raises `NotFound` for what cannot be."""
    of = page.asked("of", "processes")
    if of not in RESOURCES:
        raise NotFound(f"{of[:40]!r} cannot be searched; these can: {', '.join(RESOURCES)}.")
    return of


def asked_of(page: Page) -> Asked:
    """The query that the address of a page has; raises `InvalidFilter` and `NotFound`."""
    return parse_asked(of_page(page), page.asked("q"))


def query_url(page: Page, of: str, text: str) -> str:
    """The address of a query, which goes on from the view that the page was opened by."""
    return page.url("/query", of=of, q=text or None, view=page.asked("view") or None)


def equal_to(field: Field, value: Value | None) -> Node:
    """The condition that a field has a value, or none."""
    return IsNull(field) if value is None else Comparison(field, Operator.EQ, value)


def _equals(node: Node, field: Field) -> TypeGuard[Comparison]:
    return isinstance(node, Comparison) and node.operator is Operator.EQ and node.field == field


def _joined(parts: Iterable[Node]) -> Node | None:
    listed = list(parts)
    return all_of(listed) if listed else None
