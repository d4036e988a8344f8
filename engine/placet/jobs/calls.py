"""Calls of connectors as jobs: one try after the other, each with the same key, until one works or enough failed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from placet.connectors.caller import Answer, Caller
from placet.connectors.catalog import LiveCatalog
from placet.connectors.records import Connector, Retry, Service
from placet.core.records import Job
from placet.jobs.circuit import Bounds
from placet.jobs.runner import Done, Result, Runner, TryAgain


class CallRunner(Runner):
    """Runs the jobs of kind `call`; `chance` gives numbers from 0 to 1."""

    def __init__(self, catalog: LiveCatalog, caller: Caller, chance: Callable[[], float] = random.random) -> None:
        self._catalog, self._caller, self._chance = catalog, caller, chance

    async def run(self, job: Job) -> Result:
        """Call once; raises `NotFound` where there is no such connector, and `InvalidInput` for its inputs."""
        connector = (await self._catalog.now()).connector(job.payload["connector"])
        answer = await self._caller.call(connector, job.payload["inputs"], key=job.payload["key"])
        if answer.outcome == "success":
            return Done("success", answer.response)
        tried = len(job.payload["tries"]) + 1
        reason = reason_of(connector, answer, tried)
        if answer.transient and tried < connector.retry.attempts:
            return TryAgain(wait(connector.retry, tried, answer.retry_after, self._chance), reason, answer.response)
        return Done(answer.outcome, answer.response, reason, works=not answer.transient)

    async def bounds(self, lane: str) -> tuple[str, Bounds]:
        """The bounds of the service that a lane names, or its connector; of one that there is not the usual ones."""
        catalog = await self._catalog.now()
        kind, _, name = lane.partition("/")
        connector = None if kind == "service" else catalog.connectors.find(name)
        service = catalog.services.by_id.get(name) if connector is None else catalog.service_of(connector)
        return (lane, Bounds()) if service is None else bounds_of(service)


def bounds_of(service: Service) -> tuple[str, Bounds]:
    """What all calls of a service share, by name, and its bounds."""
    limits = service.limits
    return f"service/{service.id}", Bounds(limits.concurrency, limits.breaker_failures, limits.breaker_seconds)


def wait(retry: Retry, tried: int, asked: timedelta | None, chance: Callable[[], float]) -> timedelta:
    """How long to wait after so many tries: anything up to a bound that grows, and no less than what was asked for.

    Who waits for the same service at once is spread by that; what is asked for counts up to the longest wait.
    """
    longest = retry.longest.total_seconds()
    bound = min(longest, retry.first.total_seconds() * retry.factor ** (tried - 1))
    own = bound * chance() if retry.jitter else bound
    least = 0.0 if asked is None else min(longest, asked.total_seconds())
    return timedelta(seconds=max(own, least))


def reason_of(connector: Connector, answer: Answer, tried: int) -> str:
    """Why a call failed, as people are told."""
    error = answer.error or "it did not answer as expected"
    times = "" if tried == 1 else f" after {tried} tries"
    return f"The call of {connector.name!r} failed{times}: {error}"
