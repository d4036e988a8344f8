"""Databases full of random rows, filled once and copied by each test that searches them."""

from __future__ import annotations

from functools import cache
from random import Random

from placet.clock import ManualClock
from placet.store.world import World
from tests.builders import NINE
from tests.property.rows import Filled, fill
from tests.store.harness import an_engine


class Filling:
    """Fills databases, and remembers the facts of what is in each kind of them."""

    def __init__(self, definitions: tuple[str, ...], seed: int | None) -> None:
        self._definitions, self._seed = definitions, seed
        self._facts: dict[str, Filled] = {}

    async def __call__(self, url: str) -> None:
        async with an_engine(url, ManualClock(NINE), *self._definitions) as engine:
            self._facts[_kind(url)] = await engine.store.write(lambda tx: fill(tx, World(), Random(self._seed)))

    def facts(self, url: str) -> Filled:
        """What is in a copy of the database of this kind."""
        return self._facts[_kind(url)]


def _kind(url: str) -> str:
    return url.partition(":")[0]


@cache
def filling(definitions: tuple[str, ...], seed: int | None) -> Filling:
    """The one of these definitions and this seed; without a seed each run has other rows."""
    return Filling(definitions, seed)
