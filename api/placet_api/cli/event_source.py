"""The stream of events of a running server, resumed where it broke off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from httpx2 import ServerSentEvent

from placet.errors import NotAllowed, PlacetError, Unavailable
from placet.query.times import parse_time
from placet_api.cli.connection import Connection
from placet_api.cli.query_desk import EventPage
from placet_api.tables import cell

_PATH = "/v1/events"
_LONGEST_WAIT = 10.0  # seconds between two tries


async def event_pages(server: Connection, text: str, after: str | None) -> AsyncGenerator[EventPage, None]:
    """What happens, as far as a condition asks for it; after a break it goes on where it was.

    A server that cannot be reached is asked again and again, unless it never answered.
    """
    wait, position = 0.0, after
    while True:
        try:
            async for message in server.listen(_PATH, last=position, **({"q": text} if text else {})):
                wait, position = 0.0, message.id or position
                yield _page(message)
            wait = max(wait, 0.1)  # it has ended, as every stream does after a while
        except Unavailable:
            if position is None:
                raise
            wait = min(_LONGEST_WAIT, 2 * wait or 0.5)
        await asyncio.sleep(wait)


def _page(message: ServerSentEvent) -> EventPage:
    if message.event == "fault":
        raise _failure(message.json())
    return EventPage([(message.id, _event(message.json()))] if message.data else [], message.id)


def _failure(told: Any) -> PlacetError:
    kind = NotAllowed if told["Fault"]["Code"]["Subcode"]["Value"] == "NotAllowed" else PlacetError
    return kind(told["Fault"]["Reason"]["Text"])


def _event(told: Any) -> Mapping[str, Any]:
    """An event by the fields of the query language, and what there is beside them."""
    return {
        "Kind": told["Kind"],
        "ProcessId": told["Process"]["GUID"],
        "Time": cell(parse_time(told["Time"])),
        "Actor": told["Actor"]["DN"] or None,
        "ActivityId": told["Activity"] or None,
        "WorkId": told["WorkItem"]["GUID"] or None,
        "Number": told["Number"],
        "Detail": told["Detail"],
    }
