"""A client of server-sent events, as the standard has them, over a real connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

STREAM = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Message:
    """One message; `data` None is a sign of life, which has an id alone."""

    id: str
    data: Any
    kind: str = "message"


class Source:
    """The messages of one stream; `last_id` is where to resume."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response, self.last_id = response, ""
        self._messages = self._read()

    async def _read(self) -> AsyncIterator[Message]:
        kind, data = "message", list[str]()
        async for line in self.response.aiter_lines():
            if line.startswith(":"):  # a comment
                continue
            name, _, value = line.partition(": ")
            match name:
                case "id":
                    self.last_id = value
                case "event":
                    kind = value
                case "data":
                    data.append(value)
                case "":
                    if data or self.last_id:
                        yield Message(self.last_id, json.loads("\n".join(data)) if data else None, kind)
                    kind, data = "message", []

    async def next(self) -> Message:
        """The next message that tells something."""
        async for message in self._messages:
            if message.data is not None:
                return message
        raise EOFError("The stream has ended.")

    async def take(self, count: int) -> list[Message]:
        return [await self.next() for _ in range(count)]

    async def position(self) -> str:
        """Where the stream has come to, once it has said so."""
        return (await anext(self._messages)).id


@asynccontextmanager
async def listening(client: httpx2.AsyncClient, **parameters: str) -> AsyncIterator[Source]:
    """A stream of events for the length of a block; `last` is the id of the message that was seen last."""
    last = parameters.pop("last", None)
    headers = STREAM | ({"Last-Event-ID": last} if last else {})
    async with client.stream("GET", "/v1/events", params=parameters, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield Source(response)
