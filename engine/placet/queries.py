"""Queries: what people ask in the query language, and the tables that come of it. Rights are part of every one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from placet.core.access import require_active
from placet.door import Door
from placet.errors import InvalidFilter, InvalidInput
from placet.query.fields import RESOURCES
from placet.query.parser import parse_query, placed
from placet.query.query import Query, Table
from placet.store.asked import Asked
from placet.store.asking import require_allowed, resolved
from placet.store.grouping import page_of_groups
from placet.store.table import page_of_rows
from placet.store.visible import Reader, reader
from placet.store.world import World

T = TypeVar("T")

#: Rows of a page where nobody says how many.
ROWS = 100
_AT_ONCE = 1000
_MOST_ROWS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Question:
    """A query that has been read, and who asks it, by his DN; None is the embedding application itself."""

    asked: Asked
    actor: str | None


class Queries(Door):
    """Each answer has everything that was answered before it was asked, as far as the actor may see it."""

    async def query(
        self,
        query: str | Query,
        resource: str = "processes",
        *,
        actor: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        zone: str = "UTC",
    ) -> Table:
        """A page of what a query finds: up to `limit` rows, of which a text may want fewer, 100 where neither says.

        `resource` is one of `processes`, `workitems`, `events`, `incidents`, `definitions` and `users`; `after` is the
        `cursor` of the page before; days begin when they do in `zone`. Work items are those that the actor may see,
        events those of processes that he may see, and incidents as well.

        Raises `InvalidFilter` for a query that cannot be read; `InvalidInput` for an unknown actor, resource or zone, a
        negative limit, and a cursor of another query; `NotAllowed` for users without the permission PM_USERS, for
        incidents, or conditions on those of a process, without PM_SUPERVISOR; `QueryTooSlow`.
        """
        question = await self._question(query, resource, actor, zone)
        asked = question.asked
        limits = [each for each in (asked.limit, limit) if each is not None]
        page = replace(asked.query, limit=min(limits, default=ROWS), cursor=after or asked.query.cursor)
        if not 0 <= (page.limit or 0) <= _MOST_ROWS:
            raise InvalidInput(f"limit: {page.limit} does not work; give a number from 0 to {_MOST_ROWS}.")
        return await self._answer(replace(question, asked=replace(asked, query=page)), _table)

    async def query_pages(
        self, query: str | Query, resource: str = "processes", *, actor: str | None = None, zone: str = "UTC"
    ) -> AsyncGenerator[Table, None]:
        """All that a query finds, or the rows of its `limit`, in pages of up to a thousand, each read on its own.

        The first page comes always, and has the columns. Raises `InvalidFilter`, `InvalidInput`, `NotAllowed` and
        `QueryTooSlow` as `query` does.
        """
        question = await self._question(query, resource, actor, zone)
        cursor, left = question.asked.query.cursor, question.asked.limit
        while True:
            size = _AT_ONCE if left is None else min(left, _AT_ONCE)
            page = replace(question.asked.query, limit=size, cursor=cursor)
            table = await self._answer(replace(question, asked=replace(question.asked, query=page)), _table)
            yield table
            cursor, left = table.cursor, None if left is None else left - len(table.rows)
            if cursor is None or left == 0:
                return

    async def _question(self, query: str | Query, resource: str, actor: str | None, zone: str) -> Question:
        """A query ready to be answered: read, allowed, and with the names and moments of its condition resolved."""
        of = RESOURCES.get(resource)
        if of is None:
            raise InvalidInput(f"{resource[:40]!r} cannot be searched; these can: {', '.join(RESOURCES)}.")
        dn = await self._dn(actor)
        require_active(self._world.directory, dn)
        read = parse_query(query, of) if isinstance(query, str) else query
        require_allowed(self._world.directory, dn, of, read.where)
        here = _zone(zone)
        try:
            where = None if read.where is None else resolved(read.where, self._world, dn, self.clock.now(), here)
        except InvalidFilter as refusal:
            raise placed(refusal, query, of) if isinstance(query, str) else refusal from None
        return Question(Asked(of, read, where), dn)

    async def _answer(self, question: Question, find: Callable[[Any, World, Asked, Reader], T]) -> T:
        """What a store function finds for whoever asks."""
        return await self._ask(self._work(question, find))

    def _work(self, question: Question, find: Callable[[Any, World, Asked, Reader], T]) -> Callable[[Any], T]:
        """The store function of a question, ready to be run."""

        def work(tx: Any) -> T:
            who = reader(self._world, question.actor, self.clock.now(), tx)
            return find(tx, self._world, question.asked, who)

        return work


def _table(tx: Any, world: World, asked: Asked, who: Reader) -> Table:
    return (page_of_groups if asked.query.group else page_of_rows)(tx, world, asked, who)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not found, a folder, and no name at all
        raise InvalidInput(f"{name[:60]!r} is no time zone that is known; give one such as Europe/Berlin.") from None
