"""What this package asks of a database: one function in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from placet.store.directory_version import Transaction

T = TypeVar("T")


class Database(Protocol):
    async def read(self, function: Callable[[Transaction], T]) -> T:
        """Return what `function` found, in a transaction that only reads."""

    async def write(self, function: Callable[[Transaction], T], *, aside: bool = False) -> T:
        """Return what `function` returned once its changes are committed; none are where it raised.

        One that takes long goes `aside`, so that nobody else on the loop waits for it.
        """
