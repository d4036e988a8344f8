"""What runs in the child process: a server, or an engine that does what is due; it kills itself where it is told to.

Nothing in Placet knows of this: the child replaces a few functions before it starts, each by one that counts how
often it is passed and sends SIGKILL at the given pass.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

from placet import Engine
from placet.commands import AddComment
from placet.deployment import Deployment
from placet.directory.administrator import ensure_administrator
from placet.errors import Unavailable
from placet.mail import post
from placet.settings import Settings
from placet.store import batch, bulk, database
from placet_api.cli import main
from placet_api.cli import node as _the_server  # noqa: F401  # loaded once, for every child that is forked from here

CONNECTIONS = (database.SqliteWriteConnection, database.PostgresWriteConnection)
SECRET_KEY = "of the tests, 32 characters long"
EDGES = ("before BEGIN", "between two writes", "after the last write", "before COMMIT", "after COMMIT")


class Fuse:
    """Kills its process at the nth pass of an edge; it counts once it is armed."""

    def __init__(self, nth: int, armed: bool) -> None:
        self._left, self.armed = nth, armed

    def passed(self) -> None:
        if self.armed:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def lay(edge: str, fuse: Fuse) -> None:
    """Have the fuse told of every pass of an edge of a transaction."""
    match edge:
        case "before BEGIN":
            for connection in CONNECTIONS:
                wrap(connection, "begin", lambda begin: _before(begin, fuse))
        case "between two writes":
            wrap(bulk.Bulk, "run", lambda run: _after(run, fuse))
        case "after the last write":
            wrap(batch.Batch, "_write", lambda write: _after(write, fuse))
        case "before COMMIT":
            for connection in CONNECTIONS:
                wrap(connection, "commit", lambda commit: _before(commit, fuse))
        case "after COMMIT":
            for connection in CONNECTIONS:
                wrap(connection, "commit", lambda commit: _after_awaiting(commit, fuse))
        case "after a mail was taken":
            wrap(post, "_hand_in", lambda hand_in: _after_awaiting(hand_in, fuse))
        case _:
            raise ValueError(edge)


def wrap(owner: Any, name: str, around: Callable[[Any], Any]) -> None:
    """Replace a function of a module or a class by what `around` makes of it."""
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(around(original)))


def _before(function: Any, fuse: Fuse) -> Any:
    def replaced(*args: Any) -> Any:
        fuse.passed()
        return function(*args)

    return replaced


def _after(function: Any, fuse: Fuse) -> Any:
    def replaced(*args: Any) -> Any:
        answer = function(*args)
        fuse.passed()
        return answer

    return replaced


def _after_awaiting(function: Any, fuse: Fuse) -> Any:
    async def replaced(*args: Any) -> Any:
        answer = await function(*args)
        fuse.passed()
        return answer

    return replaced


# -- what a child does -----------------------------------------------------------------------------


def serve(output: Connection, url: str, folder: Path, edge: str | None, nth: int) -> None:
    """`placet serve`; from SIGUSR1 on it counts the passes of the edge."""
    _redirect(output, folder)
    if edge is not None:
        fuse = Fuse(nth, armed=False)
        lay(edge, fuse)
        signal.signal(signal.SIGUSR1, lambda *_: setattr(fuse, "armed", True))
    arguments = ["serve", "--port", "0", "--database", url, "--definitions", str(folder / "definitions")]
    sys.exit(main.run(arguments))


def serve_as(output: Connection, url: str, folder: Path, edge: str | None, nth: int, *, engine_id: str) -> None:
    """The same under an engine id; the calls of processes may go to this machine."""
    os.environ |= {
        "PLACET_ENGINE_ID": engine_id,
        "PLACET_SECRET_KEY": SECRET_KEY,
        "PLACET_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    serve(output, url, folder, edge, nth)


def serve_unseen(output: Connection, url: str, folder: Path, edge: str | None, nth: int) -> None:
    """`placet serve` on a database that goes away before the definitions have been counted."""
    gone = Unavailable("The database has gone.")
    wrap(Deployment, "definitions", lambda _: AsyncMock(side_effect=gone))
    serve(output, url, folder, edge, nth)


def settle(output: Connection, url: str, folder: Path, edge: str | None, nth: int) -> None:
    """Open an engine, do what is due, and leave; it counts once the engine is open."""
    _settle(output, folder, Engine(url), edge, nth)


def _settle(output: Connection, folder: Path, opened: Engine, edge: str | None, nth: int) -> None:
    _redirect(output, folder)
    fuse = Fuse(nth, armed=False)
    if edge is not None:
        lay(edge, fuse)

    async def work() -> None:
        async with opened as engine:
            fuse.armed = True
            await engine.settled()

    asyncio.run(work())


def deliver(output: Connection, url: str, folder: Path, edge: str | None, nth: int) -> None:
    """Open an engine that may call servers of this machine, do what is due, and leave; it counts once it is open."""
    settings = Settings(database_url=url, secret_key=SECRET_KEY, outbound_allow="127.0.0.0/8")
    _settle(output, folder, Engine(settings=settings), edge, nth)


def send(output: Connection, url: str, folder: Path, edge: str | None, nth: int) -> None:
    """Open an engine that has a mail server, do what is due, and leave; it counts once the engine is open."""
    smtp_url = (folder / "smtp_url").read_text()
    settings = Settings(database_url=url, smtp_url=smtp_url, mail_from="placet@example.org")
    _settle(output, folder, Engine(settings=settings), edge, nth)


def set_up(output: Connection, url: str, folder: Path, edge: str | None, nth: int) -> None:
    """Open an engine with its definitions on what may be an empty database, and leave; it counts from the start."""
    _redirect(output, folder)
    if edge is not None:
        lay(edge, Fuse(nth, armed=True))

    async def work() -> None:
        async with Engine(url, definitions=folder / "definitions", run_jobs=False) as engine:
            await ensure_administrator(engine.store, None)

    asyncio.run(work())


def comment(output: Connection, url: str, folder: Path, process_id: str, times: int, *, together: Barrier) -> None:
    """Add comments to one process, eight at a time, once as many others are ready as the barrier says, and leave."""
    _redirect(output, folder)

    async def work() -> None:
        text, todo = str(os.getpid()), iter(range(times))
        async with Engine(url, run_jobs=False) as engine:
            await asyncio.to_thread(together.wait, 60)

            async def one_after_the_other() -> None:
                for _ in todo:
                    await engine.as_system().handle(AddComment(process_id=process_id, text=text))

            await asyncio.gather(*(one_after_the_other() for _ in range(8)))

    asyncio.run(work())


def _redirect(output: Connection, folder: Path) -> None:
    """Write to the pipe of the test; its end tells the test that this process has ended."""
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    os.chdir(folder)
