"""What every transaction needs at hand: definitions and people, reloaded when their counters have moved on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from placet.core.definition import Definition
from placet.core.people import Directory
from placet.store import counters, directory
from placet.store.definitions import COUNTER, Catalog, load_catalog
from placet.store.names import NameCache


class World:
    """Shared by all readers and writers of one database."""

    def __init__(self) -> None:
        self.names = NameCache()
        self.directory = Directory(version=-1)
        self.catalog = Catalog([], -1, {})
        self.rows: dict[bytes, Any] = {}  # of processes, as `listing` last read them
        self._parsed: dict[int, Definition] = {}

    def definition(self, tx: Connection, row: int) -> Definition:
        """One definition version; one deployed by another program since the last look is fetched."""
        if not self.catalog.known(row):
            self.catalog = load_catalog(tx, self._parsed)
        return self.catalog.get(tx, row)

    def refresh(self, tx: Connection) -> None:
        """Read again what has changed since it was last read; who looks at an older state changes nothing."""
        stored = counters.values(tx)
        if stored.get(directory.COUNTER, 0) > self.directory.version:
            self.directory = directory.load(tx)
        if stored.get(COUNTER, 0) > self.catalog.number:
            self.catalog = load_catalog(tx, self._parsed)
