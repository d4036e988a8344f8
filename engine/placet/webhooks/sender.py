"""The sender: one delivery becomes one request, and what comes back says what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx2

from placet.clock import Clock
from placet.connectors.caller import NOT_NOW, retry_after
from placet.connectors.client import CallFailed, Client, Reply
from placet.connectors.guard import Forbidden, checked_url
from placet.connectors.hidden import Hider, ShownRequest
from placet.connectors.response import decoded, no_answer, status_text
from placet.directory.database import Database
from placet.directory.secrets import Vault
from placet.errors import InvalidInput, Unavailable
from placet.store import processes, trail
from placet.store.deliveries import Delivery
from placet.store.directory_version import Transaction
from placet.store.names import Names
from placet.store.search import FoundProcess
from placet.store.world import World
from placet.telemetry.metrics import Metrics
from placet.webhooks.content import body_of, ping_of
from placet.webhooks.records import LONGEST_URL, Webhook
from placet.webhooks.signing import opened, signed

SECONDS = 10.0  # within which a receiver has to answer
LONGEST = 65_536  # bytes of an answer that are looked at
USER_AGENT = "Placet-Webhooks"


@dataclass(frozen=True, slots=True)
class Told:
    """What came of telling a receiver once; `error` is None where it has taken it.

    One that `works` has answered, whatever it said to this event.
    """

    error: str | None
    gone: bool = False
    retry_after: timedelta | None = None
    works: bool = True


@dataclass(frozen=True, slots=True)
class Ping:
    """How a test went, with every secret hidden: what was sent, and what came back."""

    ok: bool
    message: str
    took: timedelta
    request: ShownRequest
    response: Mapping[str, Any] = field(repr=False)


class Sender:
    """Tells receivers; never raises for what they do."""

    def __init__(
        self, client: Client, database: Database, vault: Vault, world: World, clock: Clock, metrics: Metrics
    ) -> None:
        self._client, self._database, self._vault = client, database, vault
        self._world, self._clock, self._metrics = world, clock, metrics
        self.seconds = SECONDS

    async def bodies(self, names: Mapping[str, str], taken: Sequence[Delivery]) -> Mapping[int, bytes]:
        """What to send for each delivery, webhooks by their `names`; nothing where its event is not there any more."""
        return await self._database.read(partial(self._bodies, names=names, taken=taken)) if taken else {}

    def _bodies(self, tx: Transaction, names: Mapping[str, str], taken: Sequence[Delivery]) -> Mapping[int, bytes]:
        known = Names(self._world.names)
        keys = {(each.process_id, each.event_number) for each in taken}
        events = {(each.process_id, each.number): each for each in trail.events_at(tx, keys, known)}
        found = {each.id: each for each in processes.load(tx, {process_id for process_id, _ in events}, known)}
        known.committed()
        bodies = {}
        for each in taken:
            event = events.get((each.process_id, each.event_number))
            process = found.get(each.process_id)
            if event is not None and process is not None:
                definition = self._world.definition(tx, process.definition)
                bodies[each.id] = body_of(names[each.webhook_id], event, FoundProcess(process, definition))
        return bodies

    async def tell(self, webhook: Webhook, event_id: str, body: bytes) -> Told:
        """Send a body once."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        told = await self._told(webhook, event_id, body)
        outcome = "arrived" if told.error is None else "gone" if told.gone else "failed"
        self._metrics.delivery_seconds.add(loop.time() - began, (outcome,))
        return told

    async def _told(self, webhook: Webhook, event_id: str, body: bytes) -> Told:
        try:
            reply = await self._send(webhook, self._request(webhook, event_id, body))
        except CallFailed as failure:
            return Told(failure.message, works=not failure.transient)
        except Unavailable as failure:  # the secret does not open, nor would that of the next
            return Told(failure.message, works=False)
        except Forbidden as failure:
            return Told(str(failure))
        if 200 <= reply.status < 300:
            return Told(None)
        wait = retry_after(reply.headers.get("retry-after", ""), self._clock.now())
        works = reply.status not in NOT_NOW
        return Told(f"It answered {status_text(reply.status)}.", reply.status == HTTPStatus.GONE, wait, works)

    async def ping(self, webhook: Webhook, event_id: str) -> Ping:
        """Send a test, and show how it went; raises `Unavailable` where the secret does not open."""
        at = self._clock.now()
        request = self._request(webhook, event_id, ping_of(webhook.name, event_id, at))
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            reply = await self._send(webhook, request)
            response = decoded(reply)
            ok, message = 200 <= reply.status < 300, f"It answered {status_text(reply.status)}."
        except CallFailed as failure:
            response, ok, message = no_answer(failure.message), False, failure.message
        took = timedelta(seconds=loop.time() - began)
        hider = Hider(opened(self._vault, webhook.id, webhook.sealed).in_use(at))
        return Ping(ok, message, took, hider.request(request), hider.value(response))

    async def _send(self, webhook: Webhook, request: httpx2.Request) -> Reply:
        lane = f"webhook/{webhook.id}"
        return await self._client.send(
            request, seconds=self.seconds, lane=lane, follow=False, longest=LONGEST, whole=False
        )

    def _request(self, webhook: Webhook, event_id: str, body: bytes) -> httpx2.Request:
        secret = opened(self._vault, webhook.id, webhook.sealed)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Placet-Event-Id": event_id,
            **signed(secret, body, self._clock.now()),
        }
        return httpx2.Request("POST", checked_url(webhook.url), headers=headers, content=body)


def require_url(text: str) -> str:
    """A URL that something can be sent to; raises `InvalidInput`."""
    if len(text) > LONGEST_URL:
        raise InvalidInput(f"The URL has {len(text):,} characters; at most {LONGEST_URL:,} are kept.")
    try:
        checked_url(text)
    except Forbidden as failure:
        raise InvalidInput(str(failure)) from None
    return text
