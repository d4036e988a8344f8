"""What the page of a process shows, gathered for one reader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from placet import Comment, Event, FoundIncident, FoundProcess, FoundWorkItem, Incident
from placet.core.definition import DataItem, Definition
from placet.core.events import in_words
from placet.core.names import common_name
from placet.core.waiting import Try, Wait
from placet.core.waiting_words import Other, Part, Sentence, Who
from placet.core.waiting_words import in_words as said_of
from placet.core.why_waiting import tries_of
from placet.diagram import stands_on, steps_taken, to_svg
from placet.engine import Engine
from placet.errors import NotFound
from placet_api.actions import Offer, Seen, offers, see

#: So many events and comments are shown at first, and so many processes with the same correlation id.
MOST_EVENTS, MOST_COMMENTS, MOST_RELATED = 100, 50, 20


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence: a `text`, a `time`, a `person` by DN or another `process` by id."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Told:
    """Why the process waits at one point, with the work items and the incident that are shown to the reader."""

    wait: Wait
    sentences: Sequence[Sequence[Piece]]
    items: Sequence[FoundWorkItem]
    incident: FoundIncident | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the timeline."""

    event: Event
    words: str
    activity: str
    detail: str


@dataclass(frozen=True, slots=True)
class Related:
    """Another process, and what it is to this one; `found` None where the reader may not see it."""

    how: str
    id: str
    definition: str
    found: FoundProcess | None


@dataclass(frozen=True, slots=True)
class ProcessView:
    """All of the page."""

    seen: Seen
    waits: Sequence[Told]
    timeline: Sequence[Happened]
    older: int
    comments: Sequence[Comment]
    earlier: int  # comments that are not shown
    related: Sequence[Related]
    diagram: str
    offered: Mapping[str, Sequence[Offer]]  # by the id of what an action is done with

    @property
    def found(self) -> FoundProcess:
        return self.seen.found

    @property
    def actions(self) -> Sequence[Offer]:
        """What can be done with the process itself; to comment there is a form of its own."""
        return [each for each in self.offered.get(self.found.process.id, ()) if each.action.name != "comment"]

    @property
    def data(self) -> Sequence[tuple[DataItem, Any]]:
        values = self.found.process.data
        return [(item, values.get(name)) for name, item in self.found.definition.data.items()]

    def tries(self, incident: Incident) -> Sequence[Try]:
        return tries_of(incident)

    @property
    def other_incidents(self) -> Sequence[FoundIncident]:
        """Those that nothing waits for."""
        return [each for each in self.seen.incidents if not each.incident.token]


async def gather(engine: Engine, process_id: str, reader: str, *, is_whole: bool) -> ProcessView:
    """The page of a process; `is_whole` has every event and comment of a long one. Raises `NotFound`."""
    while True:  # its parts are read one after the other: what moves meanwhile is read again
        view = await _gather(engine, process_id, reader, is_whole)
        now = await engine.process(process_id, actor=reader)
        if now.process.revision == view.found.process.revision:
            return view


async def _gather(engine: Engine, process_id: str, reader: str, is_whole: bool) -> ProcessView:
    seen = await see(engine, process_id, reader)
    id_, definition = seen.found.process.id, seen.found.definition
    waits = await engine.waiting(id_, actor=reader)
    events = await engine.timeline(id_, actor=reader)
    comments = await engine.comments(id_, actor=reader)
    shown = events if is_whole else events[-MOST_EVENTS:]
    heard = comments if is_whole else comments[-MOST_COMMENTS:]
    offered: dict[str, list[Offer]] = {}
    for each in offers(seen):
        offered.setdefault(each.id, []).append(each)
    way = steps_taken(seen.found.process, events)
    return ProcessView(
        seen=seen,
        waits=[_told(wait, seen) for wait in waits],
        timeline=[_happened(event, definition, seen) for event in reversed(shown)],
        older=len(events) - len(shown),
        comments=heard,
        earlier=len(comments) - len(heard),
        related=[each async for each in _related(engine, seen.found, events, reader)],
        diagram=to_svg(definition, highlight=stands_on(seen.found.process), way=way, is_piece=True),
        offered=offered,
    )


def _told(wait: Wait, seen: Seen) -> Told:
    numbers = {asked.item.number for asked in wait.asked}
    items = [each for each in seen.items if each.item.number in numbers]
    incident = next((each for each in seen.incidents if each.incident.id == wait.incident), None)
    return Told(wait, [pieces(each) for each in said_of(wait, seen.now)], items, incident)


def pieces(sentence: Sentence) -> list[Piece]:
    """A sentence as a template reads it."""
    return [_piece(part) for part in sentence]


def _piece(part: Part) -> Piece:
    match part:
        case str():
            return Piece("text", part)
        case datetime():
            return Piece("time", part)
        case Who():
            return Piece("person", part.dn)
        case Other():
            return Piece("process", part.process)


# -- what happened ---------------------------------------------------------------------------------


def _happened(event: Event, definition: Definition, seen: Seen) -> Happened:
    detail = event.detail or {}
    addressee = detail.get("addressee")
    words = in_words(event.kind, seen.directory.display_name(addressee) if addressee else None)
    activity = definition.activities[event.activity].name if event.activity else ""
    return Happened(event, words, activity, _detail(detail))


def _detail(detail: Mapping[str, Any]) -> str:
    """What else an event tells: why it happened, or of what."""
    if reason := detail.get("reason"):
        return str(reason)
    if items := detail.get("items"):
        return ", ".join(items)
    return str(detail.get("connector") or detail.get("approval") or "")


# -- other processes -------------------------------------------------------------------------------


async def _related(engine: Engine, found: FoundProcess, events: Sequence[Event], reader: str) -> AsyncIterator[Related]:
    process = found.process
    if process.parent is not None:
        id_ = process.parent.partition(":")[0]
        yield await _other(engine, "Waits for this one", id_, "", reader)
    for event in events:
        if event.kind == "process.child_started" and event.detail:
            definition = common_name(event.detail["definition"])
            yield await _other(engine, "Started by this one", event.detail["child"], definition, reader)
    if process.correlation_id:
        wanted = f"CorrelationId={process.correlation_id}"
        for each in await engine.processes(wanted, actor=reader, limit=MOST_RELATED):
            if each.process.id != process.id:
                yield Related("Same correlation id", each.process.id, each.definition.name, each)


async def _other(engine: Engine, how: str, id_: str, definition: str, reader: str) -> Related:
    try:
        found = await engine.process(id_, actor=reader)
    except NotFound:
        return Related(how, id_, definition, None)
    return Related(how, id_, found.definition.name, found)
