"""What `placet query` and the terminal console ask for, answered by an engine on a database or by a running server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from placet.query.ast import In, Node, all_of
from placet.query.fields import RESOURCES
from placet.query.printer import query_text
from placet.query.query import Completion, Count, Explanation, Facet, Query, Table

if TYPE_CHECKING:
    from placet_api.cli.options import Anywhere

AT_ONCE = 500  # rows of one page

#: What tells the rows of a resource apart that change as processes do.
KEYS = {"processes": "ProcessId", "workitems": "WorkId", "incidents": "IncidentId"}
OF_A_PROCESS = 28  # digits of an id that are those of its process


@dataclass(frozen=True, slots=True)
class Question:
    """A query on a resource; `zone` is where today begins."""

    query: Query
    resource: str
    zone: str = "UTC"

    @property
    def text(self) -> str:
        """Which rows and in which order, in the words of the language."""
        return query_text(replace(self.query, limit=None, cursor=None))


def of_processes(asked: Question, ids: Iterable[str]) -> Question:
    """The same question, of these processes alone; of all that it finds, without limit."""
    query = asked.query
    among: Node = In(RESOURCES[asked.resource].field("ProcessId"), tuple(sorted(ids)))
    wanted = among if query.where is None else all_of([query.where, among])
    return replace(asked, query=replace(query, where=wanted, limit=None, cursor=None))


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a result, and what people call those whose DNs are in it."""

    table: Table
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EventPage:
    """What has happened, as JSON objects by their positions; `position` is where to read on."""

    events: Sequence[tuple[str, Mapping[str, Any]]]
    position: str


@dataclass(frozen=True, slots=True)
class ViewView:
    """A saved view; the members are those of `--format json`."""

    id: str
    name: str
    owner: str  # what people call its owner
    resource: str
    query: str
    shared: bool


class QueryDesk(Protocol):
    """Every method may raise the errors of `placet.errors`."""

    async def page(self, asked: Question, limit: int, after: str | None) -> Found: ...

    async def count(self, asked: Question) -> Count: ...

    async def facet(self, asked: Question, field: str) -> Facet: ...

    async def explain(self, asked: Question) -> Explanation: ...

    async def complete(self, text: str, at: int, resource: str) -> Sequence[Completion]: ...

    def events(self, text: str, after: str | None) -> AsyncGenerator[EventPage, None]:
        """What happens, as far as a condition asks for it; empty pages now and then, the first one at once."""

    async def views(self) -> list[ViewView]: ...

    async def view(self, name: str) -> ViewView: ...

    async def save(self, name: str, resource: str, text: str, shared: bool) -> ViewView:
        """Keep a view of this name, in the place of one that the same person has."""

    async def forget(self, name: str) -> None: ...


@asynccontextmanager
async def open_queries(where: Anywhere) -> AsyncIterator[QueryDesk]:
    """Where a query is asked."""
    server = where.named_server()
    if server:
        from placet_api.cli.connection import open_connection
        from placet_api.cli.remote_queries import RemoteQueries

        async with open_connection(server) as connection:
            yield RemoteQueries(connection)
        return
    from placet_api.cli.local_queries import LocalQueries
    from placet_api.cli.options import OnDatabase, refusals_noted

    actor = where.local_actor()
    async with OnDatabase(where.database).engine() as engine:
        with refusals_noted(engine, actor):
            yield LocalQueries(engine, actor)


async def every_page(desk: QueryDesk, asked: Question, at_most: int | None) -> AsyncIterator[Found]:
    """The pages of a result until there are no more or so many rows; there is always a first one."""
    left = _least(at_most, asked.query.limit)
    after = asked.query.cursor
    while True:
        size = AT_ONCE if left is None else min(AT_ONCE, left)
        found = await desk.page(asked, size, after) if size else Found(Table((), ()), {})
        yield found
        left = None if left is None else left - len(found.table.rows)
        after = found.table.cursor
        if after is None or left == 0:
            return


def _least(*numbers: int | None) -> int | None:
    return min((number for number in numbers if number is not None), default=None)
