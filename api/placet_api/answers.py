"""Answers: what a handler gives back, and how it goes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from starlette.types import Receive, Send

from placet.errors import PlacetError
from placet.log import get_logger

log = get_logger("placet.api")

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
_INDENTED = orjson.OPT_INDENT_2


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers and a body; `more` gives the parts of a body that is too long to be made at once.

    A part may be empty, which sends nothing: whoever has nothing to send for a while finds out that the client is gone.
    """

    status: int
    body: bytes = b""
    headers: Headers = ()
    more: AsyncGenerator[bytes, None] | None = None


def to_json(value: Any, *, indented: bool = False) -> bytes:
    return orjson.dumps(value, option=_INDENTED if indented else None)


def json_answer(value: Any, *, status: int = 200, headers: Headers = (), indented: bool = False) -> Answer:
    return Answer(status, to_json(value, indented=indented), (JSON, *headers))


async def send_answer(answer: Answer, receive: Receive, send: Send, *, head: bool = False) -> None:
    """Send an answer; for HEAD without its body."""
    headers = list(answer.headers)
    if answer.more is None and answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.more is None or head:
        await send({"type": "http.response.body", "body": b"" if head else answer.body})
        return
    await _send_parts(answer, receive, send)


async def _send_parts(answer: Answer, receive: Receive, send: Send) -> None:
    """Send part after part, each once the one before has left, until the client has all or goes away."""
    assert answer.more is not None
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    async with _until_gone(receive) as gone, aclosing(answer.more):
        try:
            async for part in answer.more:
                if gone.done():
                    return
                if part:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        except PlacetError as failure:
            log.warning("an answer was broken off", reason=str(failure))
            return  # without an end, so that the server closes the connection and the client sees that this is not all
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def _until_gone(receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """A task that is done when the client has gone: a server says so to who asks for more of the request."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    task = asyncio.create_task(watch(), name="placet-disconnect")
    try:
        yield task
    finally:
        task.cancel()
