"""Store functions run here in transactions of a real database of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest

from placet.directory import passwords
from placet.store.database import Database, opened
from placet.store.directory_version import Transaction
from tests.programs import CHEAP

T = TypeVar("T")


class Transactions:
    """Runs each function in a transaction of its own and counts the reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0

    async def read(self, function: Callable[[Transaction], T]) -> T:
        self.reads += 1
        return await self._database.read(function)

    async def write(self, function: Callable[[Transaction], T], *, aside: bool = False) -> T:
        writer = await self._database.connect_writer()
        try:
            await writer.begin()
            try:
                result = await (writer.run_aside if aside else writer.run)(function)
            except BaseException:
                await writer.rollback()
                raise
            await writer.commit()
            return result
        finally:
            await writer.close()


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that do not cost 20 ms of a core each: `unit/test_passwords.py` sees to that."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP)


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    """A migrated database that takes one function at a time."""
    async with opened(database_url) as database:
        yield Transactions(database)
