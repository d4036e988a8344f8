"""What runs jobs that leave the house: the port behind which calls and mails stand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from placet.core.records import Job
from placet.jobs.circuit import Bounds


@dataclass(frozen=True, slots=True)
class Done:
    """A job has come to its end: `success`, or for good `fault` or `timedout`; `works` tells of who was asked.

    One that nobody wants any more, and nobody waits for, is `dropped`. One that was not `begun` has asked nobody.
    """

    outcome: str
    response: Mapping[str, Any] | None = None
    reason: str | None = None
    works: bool = True
    begun: bool = True


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It did not work this time, and may work later; `works` tells of who was asked.

    One that was not `begun` has asked nobody, and is no try.
    """

    after: timedelta
    reason: str
    response: Mapping[str, Any] | None = None
    keep: Mapping[str, Any] = field(default_factory=dict)  # what the next try has to know of this one
    works: bool = False
    begun: bool = True


Result: TypeAlias = Done | TryAgain


class Runner(ABC):
    """Runs the jobs of one kind."""

    @abstractmethod
    async def run(self, job: Job) -> Result:
        """Do a job once; a `PlacetError` that it raises is a `fault` for good, but `Unavailable` is no try.

        A response holds nothing that no row can.
        """

    async def bounds(self, lane: str) -> tuple[str, Bounds]:
        """What the jobs of a lane share their bounds with, by a name for which this gives the same, and the bounds."""
        return lane, Bounds()
