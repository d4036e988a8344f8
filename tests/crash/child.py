"""The child process as the test sees it: started, listened to, killed; and a node, which is one child after another."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.programs import processes


class Child:
    """One process that runs a function of `node`; what it prints is kept for the message of a failure."""

    def __init__(self, process: Any, output: Connection) -> None:
        self._process, self._is_over = process, False
        self.pid: int = process.pid
        self.output: list[str] = []
        self._address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(output.fileno()), name="child")

    async def _read(self, descriptor: int) -> None:
        stream = asyncio.StreamReader()
        pipe = os.fdopen(os.dup(descriptor), "rb")
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), pipe
        )
        async for line in stream:
            self.output.append(line.decode(errors="replace"))
            if b'"serving"' in line:
                self._address.set_result(json.loads(line)["address"])
        transport.close()
        if not self._address.done():
            self._address.cancel()

    async def address(self) -> str:
        """Where it serves, once it does."""
        try:
            return await self._address
        except asyncio.CancelledError:
            raise AssertionError(f"the server did not start:\n{''.join(self.output)}") from None

    def arm(self) -> None:
        """From now on it counts the passes of its edge."""
        self.signal(signal.SIGUSR1)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        if not self._is_over and self._process.is_alive():
            os.kill(self.pid, number)

    async def ended(self) -> int:
        """Its exit status, once it has ended; minus the number of the signal that killed it."""
        await self._reading
        self._process.join()
        self._is_over = True
        return int(self._process.exitcode)

    async def killed(self) -> None:
        """Return once it was killed; that it ended in any other way is a failure."""
        status = await self.ended()
        assert status == -signal.SIGKILL, f"ended with {status}:\n{''.join(self.output)}"

    async def stop(self) -> None:
        """Tell it to stop and return once it has; that it ended in any other way is a failure."""
        self.signal(signal.SIGTERM)
        status = await self.ended()
        assert status == 0, f"ended with {status}:\n{''.join(self.output)}"


@asynccontextmanager
async def running(
    function: Callable[..., None], url: str, folder: Path, edge: str | None = None, nth: int = 1
) -> AsyncIterator[Child]:
    """A child for the length of a block; one that still runs is killed."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=function, args=(there, url, folder, edge, nth), daemon=True)
    process.start()
    there.close()
    child = Child(process, here)
    try:
        yield child
    finally:
        child.kill()
        await child.ended()
        process.close()
        here.close()


async def run(function: Callable[..., None], url: str, folder: Path, edge: str | None = None, nth: int = 1) -> int:
    """Run a child to its end and return its exit status."""
    async with running(function, url, folder, edge, nth) as child:
        status = await child.ended()
        assert status in (0, -signal.SIGKILL), "".join(child.output)
        return status


class Node:
    """A node under its id through all its lives; `child` is the process that it is at the moment.

    Its program takes the id as `engine_id`, besides what `running` gives it.
    """

    def __init__(self, engine_id: str, program: Callable[..., None], url: str, folder: Path) -> None:
        self.engine_id = engine_id
        self._program, self._url, self._folder = partial(program, engine_id=engine_id), url, folder
        self._life = AsyncExitStack()
        self.child: Child | None = None
        self.address: str | None = None

    async def start(self, edge: str | None = None, nth: int = 1) -> str:
        """Begin a life, and return where it serves once it does; raises `AssertionError` with what it said instead."""
        self.child = await self._life.enter_async_context(running(self._program, self._url, self._folder, edge, nth))
        try:
            self.address = await self.child.address()
        except BaseException:
            await self.end()
            raise
        return self.address

    async def kill(self) -> None:
        """Kill it, and return once it is dead."""
        assert self.child is not None
        self.child.kill()
        await self.child.killed()
        await self.end()

    async def stop(self) -> None:
        """Have it stop by itself, and return once it has."""
        assert self.child is not None
        await self.child.stop()
        await self.end()

    async def end(self) -> None:
        """Kill whatever still runs."""
        await self._life.aclose()
        self.child = self.address = None
