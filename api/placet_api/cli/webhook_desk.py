"""What commands about webhooks ask for, answered by an engine on a database or by a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from placet import Engine
from placet.connectors.checks import unknown
from placet.directory.caller import Caller
from placet.errors import NotFound
from placet.webhooks.manage import Delivery, WithSecret
from placet.webhooks.records import Wanted, Webhook
from placet_api.cli.connection import Connection, open_connection
from placet_api.cli.options import OnDatabase
from placet_api.cli.remote_views import time

if TYPE_CHECKING:
    from placet_api.cli.options import Anywhere


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook with how much is on its way and how much is dead; `secret` is there once it was made."""

    id: str
    name: str
    url: str
    events: Sequence[str]
    filter: str
    active: bool
    trouble: str
    waiting: int
    dead: int
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeliveryView:
    event_id: str
    process_id: str
    tries: int
    last_error: str
    died_at: datetime | None


@dataclass(frozen=True, slots=True)
class PingView:
    ok: bool
    message: str
    milliseconds: float
    shown: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What a webhook is to be from now on; what is None stays as it is."""

    url: str | None = field(default=None, repr=False)
    events: Sequence[str] | None = None
    filter: str | None = None
    active: bool | None = None

    def of(self, view: WebhookView) -> Wanted:
        given = {name: getattr(self, name) for name in ("url", "events", "filter", "active")}
        kept = Wanted(name=view.name, url=view.url, events=view.events, filter=view.filter, active=view.active)
        return replace(kept, **{name: value for name, value in given.items() if value is not None})


class WebhookDesk(Protocol):
    """Every method may raise the errors of `placet.errors`; names are as people give them."""

    async def every(self) -> list[WebhookView]: ...

    async def add(self, wanted: Wanted, secret: str | None) -> WebhookView: ...

    async def change(self, name: str, change: Change) -> None: ...

    async def change_secret(self, name: str, secret: str | None) -> str: ...

    async def remove(self, name: str) -> None: ...

    async def test(self, name: str) -> PingView: ...

    def dead(self, name: str, limit: int | None) -> AsyncIterator[DeliveryView]: ...

    async def replay(self, name: str, event_id: str | None) -> int: ...


@asynccontextmanager
async def open_webhooks(where: Anywhere) -> AsyncIterator[WebhookDesk]:
    """Where a command about webhooks is carried out."""
    server = where.named_server()
    if server:
        async with open_connection(server) as connection:
            yield RemoteWebhooks(connection)
        return
    async with OnDatabase(where.database).engine() as engine:
        yield LocalWebhooks(engine, where.local_actor())


class LocalWebhooks:
    """On an opened engine; `actor` None is the engine itself."""

    def __init__(self, engine: Engine, actor: str | None) -> None:
        person = None if actor is None else engine.directory.person(actor)
        if actor is not None and person is None:
            raise NotFound(f"There is no user {actor!r}; give a user name or a DN of the directory.")
        self._webhooks = engine.webhooks
        self._caller = Caller(person, engine.directory, engine.clock.now())

    async def every(self) -> list[WebhookView]:
        counts = await self._webhooks.counts(self._caller)
        return [_view(each, *counts.get(each.id, (0, 0))) for each in await self._webhooks.every(self._caller)]

    async def add(self, wanted: Wanted, secret: str | None) -> WebhookView:
        made: WithSecret = await self._webhooks.add(self._caller, wanted, secret)
        return replace(_view(made.webhook), secret=made.secret)

    async def change(self, name: str, change: Change) -> None:
        found = await self._webhooks.one(self._caller, name)
        await self._webhooks.change(self._caller, found.id, change.of(_view(found)), revision=found.revision)

    async def change_secret(self, name: str, secret: str | None) -> str:
        return (await self._webhooks.change_secret(self._caller, name, secret)).secret

    async def remove(self, name: str) -> None:
        await self._webhooks.remove(self._caller, name)

    async def test(self, name: str) -> PingView:
        found = await self._webhooks.test(self._caller, name)
        sent = {each: getattr(found.request, each) for each in ("method", "url", "headers", "body")}
        response = {each: found.response[each] for each in ("code", "headers", "message", "error")}
        took = round(found.took.total_seconds() * 1_000, 1)
        return PingView(found.ok, found.message, took, {"request": sent, "response": response})

    async def dead(self, name: str, limit: int | None) -> AsyncIterator[DeliveryView]:
        for each in await self._webhooks.deliveries(self._caller, name, dead=True, limit=limit):
            yield _delivery(each)

    async def replay(self, name: str, event_id: str | None) -> int:
        return await self._webhooks.replay(self._caller, name, event_id)


class RemoteWebhooks:
    """Through the REST service of a server."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection

    async def every(self) -> list[WebhookView]:
        return [_told(each) for each in await self._server.get(_PATH)]

    async def add(self, wanted: Wanted, secret: str | None) -> WebhookView:
        answer = await self._server.send("POST", _PATH, _asked(wanted) | {"Secret": secret})
        return _told(answer.json())

    async def change(self, name: str, change: Change) -> None:
        link, view = await self._found(name)
        await self._server.send("PUT", link, _asked(change.of(view)))

    async def change_secret(self, name: str, secret: str | None) -> str:
        link, _ = await self._found(name)
        return str((await self._server.send("POST", f"{link}/secret", {"Secret": secret})).json()["Secret"])

    async def remove(self, name: str) -> None:
        link, _ = await self._found(name)
        await self._server.send("DELETE", link)

    async def test(self, name: str) -> PingView:
        link, _ = await self._found(name)
        found = (await self._server.send("POST", f"{link}/test")).json()
        shown = {part: {key.lower(): value for key, value in found[part.title()].items()} for part in _PARTS}
        return PingView(found["Success"], found["Message"], found["Milliseconds"], shown)

    async def dead(self, name: str, limit: int | None) -> AsyncIterator[DeliveryView]:
        link, _ = await self._found(name)
        async for row in self._server.pages(f"{link}/deliveries", [("state", "dead")], limit):
            yield DeliveryView(
                row["EventId"], row["Process"]["GUID"], row["Tries"], row["LastError"], time(row["Died"])
            )

    async def replay(self, name: str, event_id: str | None) -> int:
        link, _ = await self._found(name)
        return int((await self._server.send("POST", f"{link}/replay", {"EventId": event_id})).json()["Replayed"])

    async def _found(self, name: str) -> tuple[str, WebhookView]:
        """The path of a webhook, and what it is."""
        known = await self._server.get(_PATH)
        for each in known:
            if name.casefold() in (each["Name"].casefold(), each["GUID"]):
                return each["Link"], _told(each)
        raise NotFound(unknown("webhook", name, [each["Name"] for each in known]))


_PATH = "/v1/webhooks"
_PARTS = ("request", "response")


def _view(webhook: Webhook, waiting: int = 0, dead: int = 0) -> WebhookView:
    names = ("id", "name", "url", "events", "filter", "active")
    given = {name: getattr(webhook, name) for name in names}
    return WebhookView(**given, trouble=webhook.trouble or "", waiting=waiting, dead=dead)


def _told(row: Mapping[str, Any]) -> WebhookView:
    names = ("Name", "URL", "Filter", "Active", "Trouble", "Waiting", "Dead", "Secret")
    given: dict[str, Any] = {name.lower(): row.get(name) for name in names}
    return WebhookView(id=row["GUID"], events=tuple(each["Value"] for each in row["Events"]), **given)


def _asked(wanted: Wanted) -> dict[str, Any]:
    events = [{"Value": each} for each in wanted.events]
    return {
        "Name": wanted.name, "URL": wanted.url, "Events": events, "Filter": wanted.filter, "Active": wanted.active,
    }  # fmt: skip


def _delivery(found: Delivery) -> DeliveryView:
    return DeliveryView(found.event_id, found.process_id, found.tries, found.last_error or "", found.dead_at)
