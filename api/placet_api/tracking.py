"""What is told of every request: its id in the answer and in log lines, figures by its route, a span, a log line."""

from __future__ import annotations

import logging
import re
import secrets
import time
from itertools import count

from opentelemetry.trace import Span
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from placet.engine import Engine
from placet.log import REQUEST_ID, get_logger
from placet.telemetry.tracing import during, end, fail
from placet_api.known import ROUTE

log = get_logger("placet.api.access")
_logger = logging.getLogger("placet.api.access")  # which is asked first: the other one makes much of a line

UNMATCHED = "unmatched"  # the route of what leads nowhere
_ID, _TRACEPARENT, _TRACESTATE = b"x-request-id", b"traceparent", b"tracestate"
_WELL_FORMED = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}").fullmatch
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "OTHER"
_UNANSWERED = "none"  # the status of a request whose client has gone before


class Tracking:
    """An ASGI application before another one, which names the route of each request in its scope."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._metrics, self._tracing = engine.telemetry.metrics, engine.telemetry.tracing
        self._run, self._numbers = secrets.token_hex(8), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(send, self._id(scope))
        before = REQUEST_ID.set(request.id)
        self._metrics.requests_under_way += 1
        try:
            if self._tracing.tracer is None:
                await self._app(scope, receive, request.send)
            else:
                await self._traced(scope, receive, request)
        finally:
            self._metrics.requests_under_way -= 1
            self._tell(scope, request)
            REQUEST_ID.reset(before)

    def _id(self, scope: Scope) -> str:
        """The id that the client gives, where it is well-formed, or else a new one."""
        for name, value in scope["headers"]:
            if name == _ID and _WELL_FORMED(value):
                given: str = value.decode()
                return given
        return f"{self._run}-{next(self._numbers)}"

    async def _traced(self, scope: Scope, receive: Receive, request: _Request) -> None:
        headers = dict(scope["headers"])
        parent, state = (headers.get(name, b"").decode("latin-1") for name in (_TRACEPARENT, _TRACESTATE))
        span = self._tracing.of_request(_method(scope), parent, state)
        try:
            with during(span):
                await self._app(scope, receive, request.send)
        except BaseException as failure:
            fail(span, type(failure).__name__)
            raise
        finally:
            _describe(span, scope, request)
            end(span)

    def _tell(self, scope: Scope, request: _Request) -> None:
        method, route = _method(scope), scope.get(ROUTE, UNMATCHED)
        self._metrics.request_seconds.add(request.seconds, (route, method, request.status))
        if _logger.isEnabledFor(logging.DEBUG):
            log.debug("request", method=method, route=route, status=request.status, ms=round(request.seconds * 1000, 1))


class _Request:
    """A request under way, and what is known of its answer once that has begun."""

    __slots__ = ("_answered", "_began", "_send", "id", "status")

    def __init__(self, send: Send, id_: str) -> None:
        self._send, self.id = send, id_
        self._began, self._answered, self.status = time.perf_counter(), 0.0, _UNANSWERED

    @property
    def seconds(self) -> float:
        """How long it took until the answer began, or until now."""
        return (self._answered or time.perf_counter()) - self._began

    async def send(self, message: Message) -> None:
        """Send a part of the answer; its head gets the id."""
        if message["type"] == "http.response.start":
            self._answered, self.status = time.perf_counter(), str(message["status"])
            message["headers"] = [*message["headers"], (_ID, self.id.encode())]
        await self._send(message)


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else _OTHER


def _describe(span: Span, scope: Scope, request: _Request) -> None:
    route = scope.get(ROUTE, UNMATCHED)
    span.update_name(f"{_method(scope)} {route}")
    span.set_attributes({"http.route": route, "placet.request_id": request.id})
    if request.status != _UNANSWERED:
        span.set_attribute("http.response.status_code", int(request.status))
    if request.status.startswith("5"):
        fail(span, request.status)
