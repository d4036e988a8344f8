"""What a process carries, what has happened to it and where it stands, for whoever may read it."""

from __future__ import annotations

from typing import Any

from placet import Definition, Event
from placet.core.events import in_words
from placet.core.records import work_item_id
from placet.diagram import stands_on, steps_taken, to_text
from placet.query.times import format_time
from placet_api.answers import Answer
from placet_api.ris.render import activity_name, data_item
from placet_api.ris.request import Request


async def data(request: Request) -> Answer:
    """Its data items, and the same as plain values by name."""
    request.query()
    found = await request.engine.process(request.id("process"), actor=request.actor.dn)
    values = found.process.data
    items = [data_item(item, values.get(name)) for name, item in found.definition.data.items()]
    return request.answer({"DataItems": items, "Data": values})


async def timeline(request: Request) -> Answer:
    """All its events, the oldest first."""
    request.query()
    process_id = request.id("process")
    found = await request.engine.process(process_id, actor=request.actor.dn)
    events = await request.engine.timeline(process_id, actor=request.actor.dn)
    return request.answer([_event(request, each, found.definition) for each in events])


async def diagram(request: Request) -> Answer:
    """The diagram of its definition in lines of text, with where it stands and the way that it took."""
    request.query()
    process_id = request.id("process")
    found = await request.engine.process(process_id, actor=request.actor.dn)
    events = await request.engine.timeline(process_id, actor=request.actor.dn)
    way = steps_taken(found.process, events)
    return request.answer({"Value": to_text(found.definition, highlight=stands_on(found.process), way=way)})


def _event(request: Request, event: Event, definition: Definition) -> dict[str, Any]:
    render = request.render
    addressee = (event.detail or {}).get("addressee")
    item = "" if event.item is None else work_item_id(event.process_id, event.item)
    return {
        "Kind": event.kind,
        "Value": in_words(event.kind, render.person(addressee)["Value"] if addressee else None),
        "Time": format_time(event.at),
        "Activity": event.activity or "",
        "ActivityName": activity_name(definition, event.activity) if event.activity else "",
        "WorkItem": {"GUID": item, "Link": render.links.work_item + item if item else ""},
        "Actor": render.person(event.actor),
        "Addressee": render.person(addressee),
        "Number": event.number,
        "Detail": event.detail or {},
    }
