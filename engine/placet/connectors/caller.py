"""Calls: a connector and what it is given become a request, and what comes back becomes an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Protocol, TypeAlias

import httpx2
from opentelemetry.trace import SpanKind

from placet.clock import Clock
from placet.connectors.aside import aside
from placet.connectors.authentication import NOBODY, Credentials, credentials, needs_token
from placet.connectors.client import CallFailed, Client, Reply, too_long
from placet.connectors.grants import SECONDS, NotGranted
from placet.connectors.guard import host_of
from placet.connectors.hidden import Hider, ShownRequest
from placet.connectors.pagination import Build, Page, Pages, first_request, page_request
from placet.connectors.records import AuthKind, Configuration, Connector, PaginationKind, Service
from placet.connectors.request import build
from placet.connectors.response import complete, decoded, judge, no_answer
from placet.connectors.sealing import opened
from placet.connectors.tokens import Tokens
from placet.directory.secrets import Vault
from placet.telemetry import Telemetry
from placet.telemetry.tracing import current_trace, fail

SUCCESS, FAULT, TIMED_OUT = "success", "fault", "timedout"  # the words of an outcome, which are the names of paths
NOT_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})  # statuses that may be others later
_LONGEST_WAIT = timedelta(days=1)
_KEPT_FIRST = "Nobody can agree to what is not kept; keep the configuration as it is now, authorize it, then test it."
_MOST_KEPT = 10_000  # characters of each part of an answer that is no success

_Work: TypeAlias = Callable[[], Awaitable[tuple[dict[str, Any], bool]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try of a call.

    `response` has `success`, `code`, `message`, `headers`, `error` and `result`. A `transient` failure may be none at
    the next try, which is to come no sooner than after `retry_after`. Of a failure the response has no secrets, and
    only the beginning of what is long.
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

    @property
    def error(self) -> str | None:
        """Why it is no success, without secrets; None where that is not known, or it is one."""
        error = self.response["error"]
        return None if error is None else self._hider.text(error)


class Source(Protocol):
    """Where a call finds what belongs to a connector: `placet.connectors.catalog.Catalog`."""

    def service_of(self, connector: Connector) -> Service: ...

    def configuration_of(self, service: Service) -> Configuration | None: ...


@dataclass(slots=True)
class _Call:
    """One call under way; `left` are the seconds that others may still take, in all."""

    connector: Connector
    lane: str
    configuration: Configuration | None
    left: float
    is_traced: bool = False  # whether the service is told of the trace that the call is part of
    credentials: Credentials = NOBODY
    secrets: Sequence[str] = ()  # further ones, that were sent
    sent: httpx2.Request | None = None

    @asynccontextmanager
    async def waiting(self, whom: str) -> AsyncIterator[None]:
        """Wait for somebody; raises `CallFailed` once all have taken the time that there is together."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self.left):
                yield
        except TimeoutError:
            seconds = self.connector.timeout.total_seconds()
            text = f"{whom} gave no whole answer within {seconds:g} s."
            raise CallFailed(text, transient=True, timed_out=True) from None
        finally:
            self.left -= loop.time() - began

    def builds(self, key: str | None) -> Build:
        """What makes its requests of inputs."""
        return lambda inputs: build(self.connector, inputs, self.credentials, key)


class Caller:
    """Makes calls; never raises for what the other side does."""

    def __init__(
        self,
        client: Client,
        tokens: Tokens,
        vault: Vault,
        clock: Clock,
        catalog: Callable[[], Awaitable[Source]],
        telemetry: Telemetry | None = None,
    ) -> None:
        self._client, self._tokens, self._vault, self._clock, self._catalog = client, tokens, vault, clock, catalog
        self._telemetry = telemetry or Telemetry()

    async def call(self, connector: Connector, inputs: Mapping[str, Any], *, key: str | None) -> Answer:
        """Try a call once; `key` goes along as its Idempotency-Key.

        Raises `InvalidInput` for inputs that the connector does not take, `Unavailable` where its secrets do not open.
        """
        catalog = await self._catalog()
        service = catalog.service_of(connector)
        configuration = catalog.configuration_of(service)
        if configuration is not None:
            configuration = opened(self._vault, configuration)
        call = _Call(connector, service.id, configuration, connector.timeout.total_seconds())
        call.is_traced = self._telemetry.tracing.reaches(service.name)
        if configuration is not None and needs_token(configuration.kind):
            build(connector, inputs, NOBODY, key)  # what is wrong with the inputs is told before anybody is asked
        return await self._observed(call, service, lambda: self._response(call, inputs, key))

    async def _observed(self, call: _Call, service: Service, work: _Work) -> Answer:
        """As `_tried`, and the figures and a span tell of it."""
        about = {"placet.service": service.name, "placet.connector": call.connector.name}
        with self._telemetry.tracing.span(f"call {call.connector.name}", SpanKind.CLIENT, about=about) as span:
            answer = await self._tried(call, work)
            self._telemetry.metrics.call_seconds.add(answer.took.total_seconds(), (service.name, answer.outcome))
            if isinstance(code := answer.response.get("code"), int):
                span.set_attribute("http.response.status_code", code)
            if answer.outcome != SUCCESS:
                fail(span, answer.outcome)
            return answer

    async def test(self, configuration: Configuration) -> Answer:
        """Try a configuration: whether a token is given for it, where it needs one; nothing is kept."""
        configuration = opened(self._vault, configuration)
        call = _Call(Connector(id="", name="", service_id=""), "", configuration, SECONDS)
        return await self._tried(call, lambda: self._token_response(call, configuration))

    async def _tried(self, call: _Call, work: _Work) -> Answer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        timed_out = False
        try:
            response, transient = await work()
        except CallFailed as failure:
            response, transient, timed_out = no_answer(failure.message), failure.transient, failure.timed_out
        took = timedelta(seconds=loop.time() - began)
        hider = _hider(call)
        outcome = SUCCESS if response["success"] else TIMED_OUT if timed_out else FAULT
        wait = retry_after(response["headers"].get("retry-after", ""), self._clock.now()) if transient else None
        if outcome != SUCCESS:  # it is kept with the incident, and a service may say our secrets back to us
            parts = response.items()
            response = {name: hider.value(value, by_name=False, most=_MOST_KEPT) for name, value in parts}
        return Answer(response, outcome, transient, wait, took, call.sent, hider)

    async def _response(self, call: _Call, inputs: Mapping[str, Any], key: str | None) -> tuple[dict[str, Any], bool]:
        """What came back, and whether it may be another thing next time."""
        reply = await self._sent(call, inputs, key)
        if call.connector.pagination.kind is PaginationKind.NONE:
            response = await aside(len(reply.body), lambda: _judged(call.connector, reply))
        else:
            response = await self._all_pages(call, reply, inputs, key)
        if not response["success"]:
            return response, response["code"] in NOT_NOW
        await aside(len(reply.body), lambda: complete(call.connector, response))
        return response, False

    async def _sent(self, call: _Call, inputs: Mapping[str, Any], key: str | None) -> Reply:
        """The reply to a request, with a new token where the one that there was is refused."""
        connector, configuration = call.connector, call.configuration
        refused = ""
        while True:
            async with call.waiting("Whoever gives its token"):
                call.credentials = await self._credentials(configuration, refused)
            request = first_request(connector, inputs, call.builds(key))
            if call.is_traced and (trace := current_trace()) is not None:
                request.headers["traceparent"] = trace
            call.sent = request
            reply = await self._send(call, request)
            if reply.status != 401 or not call.credentials.token or refused:
                return reply
            refused = call.credentials.token

    async def _send(self, call: _Call, request: httpx2.Request) -> Reply:
        async with call.waiting(host_of(request.url)[:60]):
            return await self._client.send(request, seconds=call.connector.timeout.total_seconds(), lane=call.lane)

    async def _credentials(self, configuration: Configuration | None, refused: str) -> Credentials:
        if configuration is None:
            return NOBODY
        if not needs_token(configuration.kind):
            return credentials(configuration)
        return credentials(configuration, await self._tokens.access(configuration, refused=refused))

    async def _all_pages(self, call: _Call, reply: Reply, inputs: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        """The response with the items of all pages as its message; a page that fails is the whole answer."""
        assert call.sent is not None
        pages, request = Pages(call.connector, call.sent.url, call.credentials.query), call.sent
        size = 0
        while True:
            size += len(reply.body)
            if size > self._client.longest:  # all of it together is one answer
                raise too_long(self._client.longest)
            response, following = await aside(len(reply.body), partial(_page, call.connector, pages, request, reply))
            if not response["success"]:
                return response
            if following is None:
                return response | {"message": pages.items, **({"more": True} if pages.is_cut else {})}
            of_page = None if key is None else f"{key}-p{pages.count + 1}"  # the same at the next try
            request = page_request(following, inputs, call.builds(of_page))
            reply = await self._send(call, request)

    async def _token_response(self, call: _Call, configuration: Configuration) -> tuple[dict[str, Any], bool]:
        if configuration.kind is AuthKind.OAUTH2_AUTHORIZATION_CODE:
            if not configuration.id:
                raise CallFailed(_KEPT_FIRST, transient=False)
            await self._tokens.access(configuration)  # another one takes an operator
        if configuration.kind is AuthKind.OAUTH2_AUTHORIZATION_CODE or not needs_token(configuration.kind):
            return no_answer(None) | {"success": True}, False
        try:
            granted = await self._tokens.fetch(configuration)
        except NotGranted as failure:
            call.sent, call.secrets = failure.request, failure.secrets
            return decoded(failure.reply) | {"success": False, "error": failure.message}, failure.transient
        call.sent, call.credentials = granted.request, Credentials(token=granted.access)
        call.secrets = [*granted.secrets, granted.refresh or ""]
        return decoded(granted.reply) | {"success": True, "error": None}, False


def _judged(connector: Connector, reply: Reply) -> dict[str, Any]:
    response = decoded(reply)
    judge(connector, response)
    return response


def _page(
    connector: Connector, pages: Pages, request: httpx2.Request, reply: Reply
) -> tuple[dict[str, Any], Page | None]:
    """The response of one page, and how to ask for the next one."""
    response = _judged(connector, reply)
    return response, pages.next(request.url, response) if response["success"] else None


def retry_after(header: str, now: datetime) -> timedelta | None:
    """How long to wait, of a header that has seconds or a date; None where it says neither.

    A date without a zone is in UTC, and one that came twice, as on the way through a proxy, counts once.
    """
    seconds = header.partition(",")[0].strip()
    try:
        if seconds.isdecimal():
            return min(timedelta(seconds=int(seconds[:9])), _LONGEST_WAIT)
        at = parsedate_to_datetime(header)
        left = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError):  # one far off is the last of them
        return None
    return min(max(left, timedelta(0)), _LONGEST_WAIT)


def _hider(call: _Call) -> Hider:
    """What hides the secrets of a call."""
    configuration, used = call.configuration, call.credentials
    stored = configuration.secrets.values() if configuration is not None else ()
    names = frozenset(name.lower() for name in (*used.headers, *used.query))
    return Hider((*stored, *used.secrets, *call.secrets), names)
