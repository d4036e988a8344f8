"""Queries answered by a running server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from placet.connectors.checks import unknown
from placet.errors import InvalidFilter, NotFound
from placet.query.fields import PROCESSES, RESOURCES, FieldType
from placet.query.query import Completion, Count, Explanation, Facet, Table
from placet.query.times import parse_time
from placet_api.cli.connection import Connection
from placet_api.cli.event_source import event_pages
from placet_api.cli.query_desk import EventPage, Found, Question, ViewView

_VIEWS = "/v1/views"


class RemoteQueries:
    """`placet_api.cli.query_desk.QueryDesk` through the REST service of a server."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection

    async def page(self, asked: Question, limit: int, after: str | None) -> Found:
        told = await self._ask(asked, limit=limit, cursor=after)
        columns = tuple(told["columns"])
        are_times = [_is_time(asked.resource, name) for name in columns]
        rows = [
            tuple(
                parse_time(value) if is_time and value else value for value, is_time in zip(row, are_times, strict=True)
            )
            for row in told["rows"]
        ]
        return Found(Table(columns, rows, told["next"]), told["names"])

    async def count(self, asked: Question) -> Count:
        return Count(**(await self._ask(asked, limit=1, count="estimated"))["count"])

    async def facet(self, asked: Question, field: str) -> Facet:
        [found] = (await self._ask(asked, limit=1, facet=field))["facets"]
        return Facet(found["field"], [(each["value"], each["count"]) for each in found["values"]], found["exact"])

    async def explain(self, asked: Question) -> Explanation:
        found = (await self._ask(asked, limit=1, explain=True))["explanation"]
        return Explanation(found["text"], found["sql"], tuple(found["indexes"]), found["warning"], tuple(found["plan"]))

    async def complete(self, text: str, at: int, resource: str) -> Sequence[Completion]:
        told = await self._server.get(f"/v1/query/{resource}/complete", q=text, at=at)
        return [Completion(**each) for each in told["completions"]]

    async def _ask(self, asked: Question, **more: Any) -> Mapping[str, Any]:
        given = {name: value for name, value in more.items() if value is not None}
        body = {"q": asked.text, "zone": asked.zone, **given}  # by POST: a query may be longer than a URL
        found: Mapping[str, Any] = (await self._server.send("POST", f"/v1/query/{asked.resource}", body)).json()
        return found

    async def events(self, text: str, after: str | None) -> AsyncGenerator[EventPage, None]:
        async for page in event_pages(self._server, text, after):
            yield page

    # -- views -----------------------------------------------------------------------------------

    async def views(self) -> list[ViewView]:
        return [_view(each) for each in await self._server.get(_VIEWS)]

    async def view(self, name: str) -> ViewView:
        return _view(_named(await self._server.get(_VIEWS), name))

    async def save(self, name: str, resource: str, text: str, shared: bool) -> ViewView:
        body = {"Name": name, "Resource": resource, "Query": text, "Shared": shared}
        me = (await self._server.get("/v1/session"))["Person"]["DN"]
        for each in await self._server.get(_VIEWS):
            if each["Name"].casefold() == name.casefold() and each["Owner"]["DN"] == me:
                return _view((await self._server.send("PUT", each["Link"], body)).json())
        return _view((await self._server.send("POST", _VIEWS, body)).json())

    async def forget(self, name: str) -> None:
        await self._server.send("DELETE", _named(await self._server.get(_VIEWS), name)["Link"])


def _named(known: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The view of that name or id; one's own come first."""
    for each in known:
        if name.casefold() in (each["Name"].casefold(), each["GUID"]):
            return each
    raise NotFound(unknown("view", name, [each["Name"] for each in known]))


def _view(told: Mapping[str, Any]) -> ViewView:
    return ViewView(told["GUID"], told["Name"], told["Owner"]["Value"], told["Resource"], told["Query"], told["Shared"])


def _is_time(resource: str, column: str) -> bool:
    if column.endswith(")"):  # the beginning of a group's bucket
        return True
    through, _, name = column.rpartition(".")
    try:
        field = (PROCESSES if through == "Process" else RESOURCES[resource]).field(name)
    except InvalidFilter:  # a data item, or a column of groups
        return False
    return through in ("", "Process") and field.type is FieldType.TIME
