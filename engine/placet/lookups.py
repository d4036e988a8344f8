"""Looking up names: each in a thread of its own, so that one that hangs keeps no other waiting."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

#: How many names are looked up at once; a further one waits for as long as whoever needs it does.
MOST = 64


class Lookups:
    """The addresses of hosts, as the system's resolver knows them, for one loop; nothing is remembered.

    The system ends no lookup before it has given up itself, and the threads that the loop has for that are few and
    serve files and databases too. These here are not waited for when the program ends.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[Sequence[str]]] = {}
        self._room = asyncio.Semaphore(MOST)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, the preferred ones first, by one lookup for all who ask while it is under way.

        Raises `OSError` where it has none, and `UnicodeError` where it is no name.
        """
        task = self._under_way.get(host)
        if task is None:
            task = self._under_way[host] = asyncio.create_task(self._found(host, port), name="placet-lookup")
            task.add_done_callback(lambda done: self._ended(host, done))
        return await asyncio.shield(task)  # who gives up leaves it to the others

    def _ended(self, host: str, task: asyncio.Task[Sequence[str]]) -> None:
        del self._under_way[host]
        if not task.cancelled():
            task.exception()  # nobody may be waiting for it any more

    async def _found(self, host: str, port: int) -> Sequence[str]:
        async with self._room:
            loop = asyncio.get_running_loop()
            found: asyncio.Future[Sequence[str]] = loop.create_future()
            arguments = loop, found, host, port
            threading.Thread(target=_look_up, args=arguments, name="placet-lookup", daemon=True).start()
            return await found


def _look_up(loop: asyncio.AbstractEventLoop, found: asyncio.Future[Sequence[str]], host: str, port: int) -> None:
    """Find the addresses of a host, and tell the loop of them if it is still there."""
    addresses: list[str] = []
    failure: Exception | None = None
    try:
        addresses = [str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as failed:
        failure = failed
    with suppress(RuntimeError):  # the loop has been closed meanwhile
        loop.call_soon_threadsafe(_tell, found, addresses, failure)


def _tell(found: asyncio.Future[Sequence[str]], addresses: Sequence[str], failure: Exception | None) -> None:
    if found.done():  # given up
        return
    if failure is None:
        found.set_result(addresses)
    else:
        found.set_exception(failure)
