"""Calls: a connector and what it is given become a request, and what comes back becomes an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx2

from placet.clock import Clock
from placet.connectors.authentication import NOBODY, Credentials, credentials, needs_token
from placet.connectors.client import CallFailed, Client, Reply, too_long
from placet.connectors.grants import NotGranted
from placet.connectors.hidden import Hider, ShownRequest
from placet.connectors.pagination import Pages
from placet.connectors.records import AuthKind, Configuration, Connector, PaginationKind, Service
from placet.connectors.request import build
from placet.connectors.response import complete, decoded, judge, no_answer
from placet.connectors.sealing import opened
from placet.connectors.tokens import Tokens
from placet.directory.secrets import Vault

SUCCESS, FAULT, TIMED_OUT = "success", "fault", "timedout"  # the words of an outcome, which are the names of paths
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try of a call.

    `response` has `success`, `code`, `message`, `headers`, `error` and `result`. A `transient` failure may be none at
    the next try, which is to come no sooner than after `retry_after`.
    """

    response: dict[str, Any] = field(repr=False)
    outcome: str
    transient: bool
    retry_after: timedelta | None
    took: timedelta
    _sent: httpx2.Request | None = field(repr=False)
    _hider: Hider = field(repr=False)

    @property
    def request(self) -> ShownRequest | None:
        """What was sent, with every secret hidden; None where it did not come to that."""
        return None if self._sent is None else self._hider.request(self._sent)

    @property
    def shown(self) -> dict[str, Any]:
        """The response as people may see it who try a connector out: a service may say our secrets back to us."""
        return {name: self._hider.value(value) for name, value in self.response.items()}


class Source(Protocol):
    """Where a call finds what belongs to a connector: `placet.connectors.catalog.Catalog`."""

    def service_of(self, connector: Connector) -> Service: ...

    def configuration_of(self, service: Service) -> Configuration | None: ...


@dataclass(slots=True)
class _Call:
    """One call under way."""

    connector: Connector
    lane: str
    configuration: Configuration | None
    credentials: Credentials = NOBODY
    sent: httpx2.Request | None = None


class Caller:
    """Makes calls; never raises for what the other side does."""

    def __init__(
        self, client: Client, tokens: Tokens, vault: Vault, clock: Clock, catalog: Callable[[], Awaitable[Source]]
    ) -> None:
        self._client, self._tokens, self._vault, self._clock, self._catalog = client, tokens, vault, clock, catalog

    async def call(self, connector: Connector, inputs: Mapping[str, Any], *, key: str | None) -> Answer:
        """Try a call once; `key` goes along as its Idempotency-Key.

        Raises `InvalidInput` for inputs that the connector does not take, `Unavailable` where its secrets do not open.
        """
        catalog = await self._catalog()
        service = catalog.service_of(connector)
        configuration = catalog.configuration_of(service)
        if configuration is not None:
            configuration = opened(self._vault, configuration)
        call = _Call(connector, service.id, configuration)
        if configuration is not None and needs_token(configuration.kind):
            build(connector, inputs, NOBODY, key)  # what is wrong with the inputs is told before anybody is asked
        return await self._tried(call, lambda: self._response(call, inputs, key))

    async def test(self, configuration: Configuration) -> Answer:
        """Try a configuration: whether a token is given for it, where it needs one; nothing is kept."""
        configuration = opened(self._vault, configuration)
        call = _Call(Connector(id="", name="", service_id=""), "", configuration)
        return await self._tried(call, lambda: self._token_response(call, configuration))

    async def _tried(self, call: _Call, work: Callable[[], Awaitable[tuple[dict[str, Any], bool]]]) -> Answer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        timed_out = False
        try:
            response, transient = await work()
        except CallFailed as failure:
            response, transient, timed_out = no_answer(failure.message), failure.transient, failure.timed_out
        hider = _hider(call)
        if not response["success"]:  # it is kept with the incident, and a service may say our secrets back to us
            response = hider.value(response, by_name=False)
        outcome = SUCCESS if response["success"] else TIMED_OUT if timed_out else FAULT
        took = timedelta(seconds=loop.time() - began)
        wait = retry_after(response["headers"].get("retry-after", ""), self._clock.now()) if transient else None
        return Answer(response, outcome, transient, wait, took, call.sent, hider)

    async def _response(self, call: _Call, inputs: Mapping[str, Any], key: str | None) -> tuple[dict[str, Any], bool]:
        """What came back, and whether it may be another thing next time."""
        reply = await self._sent(call, inputs, key)
        response = decoded(reply)
        if call.connector.pagination.kind is not PaginationKind.NONE:
            response = await self._all_pages(call, reply, response)
        else:
            judge(call.connector, response)
        if not response["success"]:
            return response, response["code"] in _TRANSIENT
        complete(call.connector, response)
        return response, False

    async def _sent(self, call: _Call, inputs: Mapping[str, Any], key: str | None) -> Reply:
        """The reply to a request, with a new token where the one that there was is refused."""
        connector, configuration = call.connector, call.configuration
        refused = ""
        while True:
            call.credentials = await self._credentials(configuration, refused)
            request = build(connector, inputs, call.credentials, key)
            if connector.pagination.kind is not PaginationKind.NONE:
                request.url = Pages(connector.pagination, request.url, {}).first
            call.sent = request
            reply = await self._send(call, request)
            if reply.status != 401 or not call.credentials.token or refused:
                return reply
            refused = call.credentials.token

    async def _send(self, call: _Call, request: httpx2.Request) -> Reply:
        return await self._client.send(request, seconds=call.connector.timeout.total_seconds(), lane=call.lane)

    async def _credentials(self, configuration: Configuration | None, refused: str) -> Credentials:
        if configuration is None:
            return NOBODY
        if not needs_token(configuration.kind):
            return credentials(configuration)
        return credentials(configuration, await self._tokens.access(configuration, refused=refused))

    async def _all_pages(self, call: _Call, reply: Reply, response: dict[str, Any]) -> dict[str, Any]:
        """The response with the items of all pages as its message; a page that fails is the whole answer."""
        assert call.sent is not None
        pages, request = Pages(call.connector.pagination, call.sent.url, call.credentials.query), call.sent
        size = len(reply.body)
        while True:
            judge(call.connector, response)
            if not response["success"]:
                return response
            following = pages.next(request.url, response)
            if following is None:
                return response | {"message": pages.items, **({"more": True} if pages.is_cut else {})}
            request = httpx2.Request(request.method, following, headers=request.headers, content=request.content)
            reply = await self._send(call, request)
            size += len(reply.body)
            if size > self._client.longest:  # all of it together is one answer
                raise too_long(self._client.longest)
            response = decoded(reply)

    async def _token_response(self, call: _Call, configuration: Configuration) -> tuple[dict[str, Any], bool]:
        if configuration.kind is AuthKind.OAUTH2_AUTHORIZATION_CODE:
            await self._tokens.access(configuration)  # another one takes an operator
        if configuration.kind is AuthKind.OAUTH2_AUTHORIZATION_CODE or not needs_token(configuration.kind):
            return no_answer(None) | {"success": True}, False
        try:
            granted = await self._tokens.fetch(configuration)
        except NotGranted as failure:
            call.sent = failure.request
            return decoded(failure.reply) | {"success": False, "error": failure.message}, failure.transient
        call.sent, call.credentials = granted.request, Credentials(token=granted.access)
        return decoded(granted.reply) | {"success": True, "error": None}, False


def retry_after(header: str, now: datetime) -> timedelta | None:
    """How long to wait, of a header that has seconds or a date; None where it says neither."""
    try:
        if header.isdecimal():
            return min(timedelta(seconds=int(header[:9])), _LONGEST_WAIT)
        left = parsedate_to_datetime(header) - now
    except (ValueError, TypeError):  # a date without its zone is a TypeError
        return None
    return min(max(left, timedelta(0)), _LONGEST_WAIT)


def _hider(call: _Call) -> Hider:
    """What hides the secrets of a call."""
    configuration, used = call.configuration, call.credentials
    stored = configuration.secrets.values() if configuration is not None else ()
    names = frozenset(name.lower() for name in (*used.headers, *used.query))
    return Hider((*stored, *used.secrets), names)
