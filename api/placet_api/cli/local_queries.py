"""Queries answered by an engine of this program's own, on a database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from placet import Engine
from placet.core.records import Event, work_item_id
from placet.directory.caller import Caller
from placet.errors import NotFound
from placet.query.fields import RESOURCES
from placet.query.query import Completion, Count, Explanation, Facet
from placet.saved_views import NewView, SavedView
from placet_api.cli.query_desk import EventPage, Found, Question, ViewView
from placet_api.tables import cell, names_in


class LocalQueries:
    """`placet_api.cli.query_desk.QueryDesk` on an opened engine; `actor` None is the engine itself."""

    def __init__(self, engine: Engine, actor: str | None) -> None:
        person = None if actor is None else engine.directory.person(actor)
        if actor is not None and person is None:
            raise NotFound(f"There is no user {actor!r}; give a user name or a DN of the directory.")
        self._engine, self._views = engine.as_system(), engine.saved_views
        self._actor = None if person is None else person.dn
        self._caller = Caller(person, engine.directory, engine.clock.now())

    async def page(self, asked: Question, limit: int, after: str | None) -> Found:
        table = await self._engine.query(
            asked.text, asked.resource, actor=self._actor, limit=limit, after=after, zone=asked.zone
        )
        return Found(table, names_in(table, RESOURCES[asked.resource], self._engine.directory))

    async def count(self, asked: Question) -> Count:
        return await self._engine.count(asked.text, asked.resource, actor=self._actor, zone=asked.zone)

    async def facet(self, asked: Question, field: str) -> Facet:
        return await self._engine.facet(field, asked.text, asked.resource, actor=self._actor, zone=asked.zone)

    async def explain(self, asked: Question) -> Explanation:
        return await self._engine.explain(asked.text, asked.resource, actor=self._actor, zone=asked.zone)

    async def complete(self, text: str, at: int, resource: str) -> Sequence[Completion]:
        return await self._engine.complete(text, at, resource, actor=self._actor)

    async def events(self, text: str, after: str | None) -> AsyncGenerator[EventPage, None]:
        async for page in self._engine.event_pages(after, actor=self._actor, query=text or None):
            yield EventPage([(position, _event(event)) for position, event in page.events], page.position)

    async def views(self) -> list[ViewView]:
        return [self._view(each) for each in await self._views.every(self._caller)]

    async def view(self, name: str) -> ViewView:
        return self._view(await self._views.one(self._caller, name))

    async def save(self, name: str, resource: str, text: str, shared: bool) -> ViewView:
        wanted = NewView(name=name, text=text, resource=resource, shared=shared)
        for each in await self._views.every(self._caller):
            if self._is_own(each) and each.folded == name.casefold():
                return self._view(await self._views.change(self._caller, each.id, wanted))
        return self._view(await self._views.add(self._caller, wanted))

    async def forget(self, name: str) -> None:
        await self._views.remove(self._caller, name)

    def _is_own(self, view: SavedView) -> bool:
        return self._caller.actor is not None and view.owner == self._caller.actor.id

    def _view(self, view: SavedView) -> ViewView:
        owner = self._engine.directory.display_name(view.dn)
        return ViewView(view.id, view.name, owner, view.resource, view.text, view.shared)


def _event(event: Event) -> dict[str, object]:
    """An event by the fields of the query language, and what there is beside them."""
    return {
        "Kind": event.kind,
        "ProcessId": event.process_id,
        "Time": cell(event.at),
        "Actor": event.actor,
        "ActivityId": event.activity,
        "WorkId": None if event.item is None else work_item_id(event.process_id, event.item),
        "Number": event.number,
        "Detail": event.detail or {},
    }
