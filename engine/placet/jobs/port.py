"""What runs the jobs that leave the house: the port behind which both ways of taking them stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from placet.clock import Clock
from placet.jobs.circuit import Circuits
from placet.jobs.dispatcher import Dispatcher
from placet.jobs.queued import Queued
from placet.jobs.runner import Runner
from placet.settings import Settings
from placet.store.writer import Writer


class Jobs(Protocol):
    """Runs the laned jobs of one database, at least once, and sends what came of them through the door."""

    def start(self) -> None: ...

    async def close(self) -> None:
        """Let what runs come to its end for a little while; the rest is for whoever runs jobs next."""

    async def drain(self) -> None:
        """Take no more, and return once nothing runs here any more."""

    def note(self, due_at: datetime | None) -> None:
        """A batch has committed whose earliest job that leaves is due at `due_at`."""

    def resting(self, lane: str) -> datetime | None:
        """Until when what a lane calls is left alone by this node, None where it is not."""

    async def settled(self) -> None:
        """Return once nothing is due or runs any more by the clock, but for what is left alone; for tests."""


def jobs_of(settings: Settings, store: Writer, clock: Clock, runners: Mapping[str, Runner], circuits: Circuits) -> Jobs:
    """What runs the jobs of a database of its kind; `runners` are by kind of job."""
    if settings.database_url.startswith("sqlite"):
        return Dispatcher(store, clock, runners, circuits)
    return Queued(settings.database_direct_url or settings.database_url, store, clock, runners, circuits)
