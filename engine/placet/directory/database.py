"""What this package asks of a database: one function in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from placet.store.directory import Transaction

T = TypeVar("T")


class Database(Protocol):
    async def read(self, function: Callable[[Transaction], T]) -> T:
        """Return what `function` found, in a transaction that only reads."""

    async def write(self, function: Callable[[Transaction], T]) -> T:
        """Return what `function` returned once its changes are committed; none are where it raised."""
