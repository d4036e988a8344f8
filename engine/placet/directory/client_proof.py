"""Which application asks: its secret is looked up each time, and wrong ones are counted as wrong passwords are."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from hashlib import blake2b
from weakref import WeakValueDictionary

from placet.clock import Clock
from placet.directory.applications import Applications
from placet.directory.attempts import FailedSignIns
from placet.store.applications import ApplicationRow

_REMEMBERED = 4096  # pairs of a client_id and its secret


class ClientProof:
    """Proves applications by their secrets, and stops who tries one after the other."""

    def __init__(self, applications: Applications, clock: Clock) -> None:
        self._applications, self._failures = applications, FailedSignIns(clock)
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def application(self, client_id: str, secret: str, address: str) -> ApplicationRow | None:
        """The application with this secret; None where there is none.

        Raises `TooManyAttempts` as signing in does; nobody else's failures stop one that was right here before.
        """
        digest = blake2b(f"{len(client_id)} {client_id}{secret}".encode("utf-8", "replace"), key=self._key).digest()
        async with self._turns.setdefault(digest, asyncio.Lock()):  # of many equal ones at once one is counted
            if digest not in self._right:
                self._failures.begin(client_id, address)
            found = await self._applications.proven(client_id, secret)
            if found is None:
                self._right.pop(digest, None)
            elif digest not in self._right:
                self._failures.succeed(client_id, address)
                self._remember(digest)
            return found

    def _remember(self, digest: bytes) -> None:
        self._right[digest] = None
        if len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)
