"""Many callers at once, and a ledger of what each asked for and was told."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

PASSWORD = "correct horse: battery"
CLERKS = ("carla", "dario")


class Unavailable(Exception):
    """The server said 503: try again."""


class ConnectionLost(Exception):
    """The server went away before it answered."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def reason(self) -> str:
        """The text of a fault."""
        return str(self.body["Fault"]["Reason"]["Text"])


class Caller:
    """One person on one connection, which is kept open from request to request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user: str) -> None:
        self._reader, self._writer = reader, writer
        self.user = user
        self._credentials = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()

    @classmethod
    async def connect(cls, address: str, user: str) -> Caller:
        host, _, port = address.removeprefix("http://").rpartition(":")
        try:
            return cls(*await asyncio.open_connection(host, int(port)), user)
        except OSError as failure:
            raise ConnectionLost from failure

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request and its answer; raises ConnectionLost where none comes."""
        content = b"" if body is None else json.dumps(body).encode()
        try:
            self._writer.write(self._head(method, path, len(content), **headers) + content)
            await self._writer.drain()
            return await self._answer()
        except (OSError, EOFError) as failure:
            raise ConnectionLost from failure

    async def begin(self, method: str, path: str, length: int) -> None:
        """Send a request without its body, and return once the server waits for that."""
        self._writer.write(self._head(method, path, length, Expect="100-continue"))
        assert b" 100 " in await self._reader.readuntil(b"\r\n\r\n")

    async def finish(self, content: bytes) -> Answer:
        """Send the body of a request that was begun."""
        self._writer.write(content)
        return await self._answer()

    def _head(self, method: str, path: str, length: int, **headers: str) -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: test",
            f"RESTAuthorization: {self._credentials}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        content = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), headers, json.loads(content) if content else None)

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return


# -- what was asked and told -----------------------------------------------------------------------


@dataclass
class Start:
    """A start under a key of its own; `process_id` is what its caller was told, if he was told anything."""

    clerk: str
    key: str
    number: int
    process_id: str | None = None


@dataclass
class Approval:
    """An approval of one item by one clerk; `status` is what he was told, and `reason` why he was refused."""

    item_id: str
    clerk: str
    status: int | None = None
    reason: str = ""


@dataclass
class Ledger:
    """All that was ever asked of one database."""

    definition: str
    seed: int
    starts: list[Start] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)

    unavailable: int = 0
    lost: list[str] = field(default_factory=list)  # where somebody was left without an answer

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.enough = asyncio.Event()
        self._told = asyncio.Event()

    @property
    def acknowledged(self) -> int:
        started = sum(start.process_id is not None for start in self.starts)
        return started + sum(approval.status is not None for approval in self.approvals)

    async def more(self, how_many: int) -> None:
        """Return once so many more commands are acknowledged."""
        wanted = self.acknowledged + how_many
        async with asyncio.timeout(60):
            while self.acknowledged < wanted:
                self._told.clear()
                await self._told.wait()

    async def send_start(self, caller: Caller, start: Start) -> None:
        items = [{"Name": "number", "Value": start.number}, {"Name": "tag", "Value": start.key}]
        answer = await caller.ask(
            "POST", f"/v1/wf/definitions/{self.definition}", {"DataItems": items}, Idempotency_Key=start.key
        )
        if answer.status == 503:
            raise Unavailable(answer.reason)
        assert answer.status == 204, answer
        process_id = answer.headers["location"].rpartition("/")[2]
        assert start.process_id in (None, process_id), "the same key gave another process"
        start.process_id = process_id
        self._told.set()

    async def send_approval(self, caller: Caller, approval: Approval) -> None:
        answer = await caller.ask(
            "PUT", f"/v1/wf/workitems/{approval.item_id}", {"AvailableActions": [{"Value": "Approve"}]}
        )
        if answer.status == 503:
            raise Unavailable(answer.reason)
        assert answer.status in (200, 409), answer
        approval.status = answer.status
        approval.reason = answer.reason if answer.status == 409 else ""
        self._told.set()

    # -- the load ----------------------------------------------------------------------------------

    async def load(self, address: str, callers: int) -> None:
        """Let callers start and approve until the server goes away, or there was enough of it."""
        await asyncio.gather(*(self._call(address, CLERKS[number % len(CLERKS)]) for number in range(callers)))

    async def _call(self, address: str, clerk: str) -> None:
        caller = await Caller.connect(address, clerk)
        try:
            while not self.enough.is_set():
                start = Start(clerk, f"key-{len(self.starts)}", len(self.starts))
                self.starts.append(start)
                await self._patiently(lambda caller=caller, start=start: self.send_start(caller, start))
                if item_id := self._an_item():
                    approval = Approval(item_id, clerk)
                    self.approvals.append(approval)
                    await self._patiently(lambda caller=caller, approval=approval: self.send_approval(caller, approval))
        except ConnectionLost:
            self.lost.append(address)
        finally:
            await caller.close()

    async def _patiently(self, send: Callable[[], Awaitable[None]]) -> None:
        """Send a request again for as long as it is told to come back."""
        while True:
            try:
                return await send()
            except Unavailable:
                self.unavailable += 1
                await asyncio.sleep(0.02)  # as Retry-After asks, in the small

    def _an_item(self) -> str | None:
        """The item of one of the last processes; another clerk may be acting on it just now."""
        started = [start.process_id for start in self.starts[-12:] if start.process_id]
        return f"{self.random.choice(started)[:28]}0001" if started else None

    async def repeat_unanswered(self, address: str) -> None:
        """Ask again for everything that nobody was told of."""
        for start in [start for start in self.starts if start.process_id is None]:
            caller = await Caller.connect(address, start.clerk)
            await self.send_start(caller, start)
            await caller.close()
        for approval in [approval for approval in self.approvals if approval.status is None]:
            caller = await Caller.connect(address, approval.clerk)
            await self.send_approval(caller, approval)
            await caller.close()
