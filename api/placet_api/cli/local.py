"""Commands carried out by an engine of this program's own, on a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from placet import Definition, Engine, Event, FoundIncident, FoundProcess, FoundWorkItem, cursor_of
from placet.core.access import Act, permits
from placet.core.form import in_english
from placet.core.forms import FieldState
from placet.core.people import Directory
from placet.core.waiting import Wait
from placet.core.waiting_words import to_texts
from placet.errors import NotFound
from placet.query.times import parse_time
from placet.system import System
from placet_api.cli.backend import Answer, Start, no_definition
from placet_api.cli.data import read_data
from placet_api.cli.exits import WrongUsage
from placet_api.cli.views import (
    ChoiceView,
    CommentView,
    DataItemView,
    DefinitionView,
    EventView,
    FieldView,
    IncidentView,
    Named,
    ProcessDetails,
    ProcessView,
    TryView,
    WaitView,
    WorkItemView,
)

T = TypeVar("T", FoundProcess, FoundWorkItem, FoundIncident)

_AT_ONCE = 500


class LocalBackend:
    """`placet_api.cli.backend.Backend` on an opened engine; `actor` None is the engine itself."""

    def __init__(self, engine: Engine, actor: str | None = None) -> None:
        self._engine = engine.as_system()
        self.actor = None if actor is None else self._user(actor)

    def _user(self, name: str) -> str:
        person = self._engine.directory.person(name)
        if person is None:
            raise NotFound(f"There is no user {name!r}; give a user name or a DN of the directory.")
        return person.dn

    async def definitions(self) -> list[DefinitionView]:
        return [view_definition(each) for each in await self._engine.definitions(actor=self.actor)]

    async def definition(self, name: str) -> DefinitionView:
        return view_definition(await find_definition(self._engine, name, self.actor))

    async def form(self, name: str) -> list[FieldView]:
        found = await find_definition(self._engine, name, self.actor)
        return [view_field(state) for state in (await self._engine.form(found.dn, actor=self.actor)).fields]

    async def start(self, wanted: Start) -> ProcessView:
        found = await self._engine.start(
            wanted.definition.dn,
            actor=self.actor,
            initiator=wanted.initiator,
            recipient=wanted.recipient,
            data=wanted.data,
            correlation_id=wanted.correlation_id,
        )
        return view_process(found, self._engine.directory)

    async def inbox(self, user: str | None, limit: int | None) -> AsyncIterator[WorkItemView]:
        person = self.actor if user is None else self._user(user)
        if person is None:
            raise WrongUsage("Whose inbox? Say --user NAME, for example --user anna.")

        async def page(size: int, after: Any) -> list[FoundWorkItem]:
            return await self._engine.work_items(["Addressee=self"], actor=person, limit=size, after=after)

        async for found in every_row(page, limit):
            yield view_work_item(found, self._engine.directory)

    async def process(self, process_id: str) -> ProcessDetails:
        engine, directory = self._engine, self._engine.directory
        found = await engine.process(process_id, actor=self.actor)
        items = await engine.work_items([f"ProcessId={found.process.id}"], actor=self.actor, limit=_AT_ONCE)
        comments = await engine.comments(found.process.id, actor=self.actor)
        events = await engine.timeline(found.process.id, actor=self.actor)
        may_retry = permits(directory, self.actor, Act.RETRY)
        incidents = await engine.incidents(process_id=found.process.id, actor=self.actor) if may_retry else []
        return ProcessDetails(
            process=view_process(found, directory),
            work_items=tuple(view_work_item(item, directory) for item in items),
            comments=tuple(CommentView(c.at, c.text, optional_name(c.user, directory), c.system) for c in comments),
            data=found.process.data,
            timeline=tuple(_view_event(event, found.definition, directory) for event in events),
            incidents=tuple(view_incident(each, directory) for each in incidents),
            waiting=tuple(
                _view_wait(each, engine) for each in await engine.waiting(found.process.id, actor=self.actor)
            ),
        )

    async def terminate(self, process_id: str, reason: str | None) -> None:
        await self._engine.terminate(process_id, actor=self.actor, reason=reason)

    async def pause(self, process_id: str) -> None:
        await self._engine.pause(process_id, actor=self.actor)

    async def resume(self, process_id: str) -> None:
        await self._engine.resume(process_id, actor=self.actor)

    async def act(self, item_id: str, answer: Answer) -> WorkItemView:
        data = {}
        if answer.data:
            item = await self._engine.work_item(item_id, actor=self.actor)
            data = read_data(answer.data, view_definition(item.definition).data)
        found = await self._engine.act(
            item_id, answer.action, actor=self.actor, data=data, comment=answer.comment, to=answer.to
        )
        return view_work_item(found, self._engine.directory)


async def find_definition(engine: System, name: str, actor: str | None = None) -> Definition:
    """One definition by name, DN or GUID."""
    try:
        return await engine.definition(name, actor=actor)
    except NotFound:
        there = await engine.definitions(actor=actor)
        raise no_definition(name, [each.name for each in there if not each.retired]) from None


async def every_row(page: Callable[[int, Any], Awaitable[list[T]]], limit: int | None) -> AsyncIterator[T]:
    """The rows of one page after another, until there are no more or `limit` are given."""
    after, left = None, limit
    while left is None or left > 0:
        size = _AT_ONCE if left is None else min(_AT_ONCE, left)
        rows = await page(size, after)
        for row in rows:
            yield row
        if len(rows) < size:
            return
        after = cursor_of(rows[-1])
        left = None if left is None else left - len(rows)


def view_definition(definition: Definition) -> DefinitionView:
    return DefinitionView(
        guid=definition.guid,
        dn=definition.dn,
        name=definition.name,
        version=definition.version,
        category=definition.category,
        description=definition.description,
        retired=definition.retired,
        data=tuple(DataItemView(item.name, item.type.value, item.multi_valued) for item in definition.data.values()),
    )


def view_field(state: FieldState) -> FieldView:
    found = state.choices
    return FieldView(
        name=state.name,
        type=state.item.type.value,
        multi_valued=state.item.multi_valued,
        label=in_english(state.field.labels) or state.name,
        help=in_english(state.field.helps),
        required=state.required,
        visible=state.visible,
        read_only=state.read_only,
        choices=tuple(ChoiceView(option.value, in_english(option.labels)) for option in found.options) if found else (),
        fault=found.fault if found else "",
        value=state.value,
    )


def view_process(found: FoundProcess, directory: Directory) -> ProcessView:
    process, definition = found.process, found.definition
    return ProcessView(
        id=process.id,
        definition=Named(definition.dn, definition.name),
        version=definition.version,
        process_status=process.process_status.label,
        approval_status=process.approval_status.label,
        initiator=named(process.initiator, directory),
        recipient=named(process.recipient, directory),
        created_at=process.created_at,
        completed_at=process.completed_at,
        correlation_id=process.correlation_id,
        engine_id=process.engine_id,
    )


def view_work_item(found: FoundWorkItem, directory: Directory) -> WorkItemView:
    item, definition = found.item, found.definition
    return WorkItemView(
        id=item.id,
        process_id=item.process_id,
        definition=Named(definition.dn, definition.name),
        activity=item.activity,
        activity_name=definition.activities[item.activity].name,
        addressee=named(item.addressee, directory),
        owner=optional_name(item.owner, directory),
        initiator=named(found.process.initiator, directory),
        recipient=named(found.process.recipient, directory),
        status=item.status.label,
        priority=item.priority.label,
        created_at=item.created_at,
        expires_at=item.expires_at,
        completed_at=item.completed_at,
    )


def view_incident(found: FoundIncident, directory: Directory) -> IncidentView:
    incident, definition = found.incident, found.definition
    payload, at = incident.payload, incident.activity
    return IncidentView(
        id=incident.id,
        process_id=incident.process_id,
        definition=Named(definition.dn, definition.name),
        activity=at or "",
        activity_name=definition.activities[at].name if at else "",
        kind=incident.kind,
        opened_at=incident.opened_at,
        reason=incident.reason,
        connector=payload.get("connector", ""),
        inputs=payload.get("inputs", {}),
        idempotency_key=payload.get("key", ""),
        tries=tuple(
            TryView(parse_time(each["at"]), str(each["code"] or ""), each["error"] or "", each["ms"])
            for each in payload.get("tries", ())
        ),
        response=payload.get("response"),
        resolved_at=incident.resolved_at,
        resolution=incident.resolution or "",
        resolved_by=optional_name(incident.actor, directory),
    )


def _view_event(event: Event, definition: Definition, directory: Directory) -> EventView:
    return EventView(
        at=event.at,
        kind=event.kind,
        activity=event.activity,
        activity_name=definition.activities[event.activity].name if event.activity else None,
        actor=optional_name(event.actor, directory),
        addressee=optional_name((event.detail or {}).get("addressee"), directory),
    )


def _view_wait(wait: Wait, engine: System) -> WaitView:
    words = to_texts(wait, engine.clock.now(), engine.directory.display_name)
    name = wait.name if wait.activity else None
    return WaitView(wait.kind.value, wait.activity, name, wait.since, tuple(words))


def named(dn: str, directory: Directory) -> Named:
    return Named(dn, directory.display_name(dn))


def optional_name(dn: str | None, directory: Directory) -> Named | None:
    return named(dn, directory) if dn else None
