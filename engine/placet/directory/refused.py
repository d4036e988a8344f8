"""Refused sign-ins, tokens and rights on their way into the audit trail: gathered, so that nobody waits for the disk.

The first one of somebody at an address is written at once in the background; what follows within a minute becomes one
entry with their number. So there is at most one entry a minute for each.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from placet.clock import Clock
from placet.directory.database import Database
from placet.errors import PlacetError
from placet.log import get_logger
from placet.query.storable import UNSTORABLE
from placet.store import audit
from placet.store.directory_version import Transaction

log = get_logger("placet.audit")

EVERY = timedelta(minutes=1)
_MOST = 1000  # people and addresses at a time; what is beyond is counted together
_POLL_SECONDS = 1.0


class _Key(NamedTuple):
    """Under which refusals are counted together."""

    kind: str
    actor: str | None
    address: str
    application: str = ""


@dataclass(slots=True)
class _Gathered:
    """What is not written yet of a key, of which the next entry may be made at `due_at`."""

    due_at: datetime
    count: int = 0
    target: str = ""
    reason: str = ""
    first_at: datetime | None = None


class Refused:
    """Takes note of refusals; opened by the first one, and closed with the engine."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._gathered: dict[_Key, _Gathered] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._closing = False

    def sign_in(self, who: str, address: str) -> None:
        """User name and password did not fit; `who` is a DN, or the name that was tried where nobody has it."""
        who = UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", who)
        self._note(_Key("sign_in.refused", who, address), who, "")

    def token(self, address: str, reason: str, *, application: str = "", target: str = "") -> None:
        """A token was refused: none was given to an application (a client_id), or one did not count for a `target`.

        `application` is empty unless there is such a one, for what strangers make up is counted by address alone.
        """
        self._note(_Key("token.refused", None, address, application), application or target, reason)

    def right(self, actor: str, address: str, target: str, reason: str) -> None:
        """Somebody (a DN) may not do what he asked of a `target`."""
        self._note(_Key("right.refused", actor, address), target, reason)

    async def write(self) -> None:
        """Write what is due by the clock."""
        async with self._writing:
            await self._write(everything=False)

    async def close(self) -> None:
        """Write all that is left; none is taken any more."""
        self._closing = True
        self._woken.set()
        if self._task is not None:
            await self._task
        async with self._writing:
            await self._write(everything=True)

    def _note(self, key: _Key, target: str, reason: str) -> None:
        if self._closing:
            return
        now = self._clock.now()
        if key not in self._gathered and len(self._gathered) >= _MOST:
            key = _Key(key.kind, None, "")
        found = self._gathered.setdefault(key, _Gathered(now))
        if not found.count:
            found.first_at, found.target, found.reason = now, target, reason
        found.count += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="placet-refused")
        elif found.due_at <= now:
            self._woken.set()

    async def _run(self) -> None:
        """Write what comes due until nothing is left to be waited for."""
        while self._gathered and not self._closing:
            self._woken.clear()
            await self.write()
            due = min((each.due_at for each in self._gathered.values()), default=None)
            await self._clock.wait(due, self._woken, _POLL_SECONDS)

    async def _write(self, *, everything: bool) -> None:
        now = self._clock.now()
        ready = {key: each for key, each in self._gathered.items() if everything or each.due_at <= now}
        for key, each in ready.items():
            if each.count:
                self._gathered[key] = _Gathered(now + EVERY)  # what comes while this is written belongs to the next
            else:
                del self._gathered[key]
        entries = {key: each for key, each in ready.items() if each.count}
        if not entries:
            return
        try:
            await self._database.write(lambda tx: _add(tx, now, entries))
        except PlacetError as failure:
            log.error("refusals could not be written to the audit trail", entries=len(entries), error=str(failure))


def _add(tx: Transaction, now: datetime, entries: dict[_Key, _Gathered]) -> None:
    for key, each in entries.items():
        after = {"count": each.count, "since": (each.first_at or now).isoformat()}
        if each.reason:
            after["reason"] = each.reason
        audit.add(tx, at=now, kind=key.kind, actor=key.actor, address=key.address, target=each.target, after=after)
