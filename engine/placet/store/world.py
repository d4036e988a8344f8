"""What every transaction needs at hand: definitions and people, reloaded when their counters have moved on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from placet.clock import Clock, SystemClock
from placet.core.definition import Definition
from placet.core.people import Directory
from placet.store import counters, directory
from placet.store.definitions import COUNTER, Catalog, load_catalog
from placet.store.names import NameCache

MOST_AT_ONCE = 500  # users that a batch looks at on the loop's thread for what has changed


class MuchHasChanged(Exception):
    """So much has to be read again that it is done off the loop, by `read`."""

    def __init__(self, read: Callable[[Connection], None]) -> None:
        super().__init__()
        self.read = read


class World:
    """Shared by all readers and writers of one database."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.public_url: str | None = None  # as `Facts` has it
        self._directory = Directory(version=-1)
        self._turn = threading.Lock()
        self.names = NameCache()
        self.catalog = Catalog([], -1, {})
        self.rows: dict[bytes, Any] = {}  # of processes, as `listing` last read them
        self.ended: tuple[int, dict[bytes, Any]] = -1, {}  # those of them that have ended, after so many late changes
        self._parsed: dict[int, Definition] = {}
        #: All counters as they were last read, for what else is kept in memory.
        self.counters: Mapping[str, int] = {}
        #: What the watched ones of them were in all when all that is known by them was read; -1 before that.
        self.watched = -1

    @property
    def directory(self) -> Directory:
        """The people as they were last read, as of today: whose last day has passed is active no more."""
        known = self._directory
        if known.ends_at is not None and known.ends_at <= (now := self._clock.now()):
            known = known.as_of(now)
            self._keep(known)
        return known

    def definition(self, tx: Connection, row: int) -> Definition:
        """One definition version; one deployed by another program since the last look is fetched."""
        if not self.catalog.known(row):
            self._keep_catalog(load_catalog(tx, self._parsed))
        return self.catalog.get(tx, row)

    def definition_dn(self, tx: Connection, row: int) -> str:
        """The DN of a definition's version, without reading the version itself."""
        if not self.catalog.known(row):
            self._keep_catalog(load_catalog(tx, self._parsed))
        return self.catalog.dn_of(row)

    def look_for_definitions(self, tx: Connection) -> None:
        """Know of the definitions that another program has deployed."""
        if counters.value(tx, COUNTER) > self.catalog.number:
            self._keep_catalog(load_catalog(tx, self._parsed))

    def refresh(self, tx: Connection, *, in_a_batch: bool = False) -> None:
        """Read again what has changed since it was last read; who looks at an older state changes nothing.

        Raises `MuchHasChanged` `in_a_batch`, for which everybody on the loop waits.
        """
        stored = counters.values(tx)
        if counters.watched(stored) >= self.watched:
            self.counters = stored
        if stored.get(directory.COUNTER, 0) > self._directory.version:
            if in_a_batch and directory.affected_users(tx, self._directory.version, MOST_AT_ONCE) >= MOST_AT_ONCE:
                raise MuchHasChanged(self.refresh)
            self._keep(directory.refreshed(tx, self._directory, self._clock.now()))
        if stored.get(COUNTER, 0) > self.catalog.number:
            self._keep_catalog(load_catalog(tx, self._parsed))
        self.watched = max(self.watched, counters.watched(stored))

    def _keep_catalog(self, made: Catalog) -> None:
        """Of what two have read at once the newer stays: by `watched`, nothing older is in memory."""
        with self._turn:
            if made.number >= self.catalog.number:
                self.catalog = made

    def _keep(self, made: Directory) -> None:
        """Of what two have read at once the newer stays."""
        with self._turn:
            if made.version >= self._directory.version:
                self._directory = made
