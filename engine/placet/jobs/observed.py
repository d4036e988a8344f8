"""Jobs as they are seen from outside: how each try went, in figures and as a span; its process is in log lines."""

from __future__ import annotations

import asyncio

from opentelemetry.trace import SpanKind

from placet.core.records import TRACE, Job
from placet.errors import Unavailable
from placet.jobs.circuit import Bounds
from placet.jobs.runner import Result, Runner, TryAgain
from placet.log import PROCESS_ID
from placet.telemetry import Telemetry
from placet.telemetry.tracing import fail

_WELL = ("success", "dropped")


class Observed(Runner):
    """Another runner, of whose tries it tells; one that is cancelled is none."""

    def __init__(self, runner: Runner, telemetry: Telemetry) -> None:
        self._runner, self._telemetry = runner, telemetry

    async def run(self, job: Job) -> Result:
        """Do as the other does."""
        about = {"placet.process_id": job.process_id, "placet.job": job.kind}
        span = self._telemetry.tracing.span(
            f"job {job.kind}", SpanKind.CONSUMER, made_by=job.payload.get(TRACE), about=about
        )
        PROCESS_ID.set(job.process_id)  # a job is a task of its own
        with span as told:
            began = asyncio.get_running_loop().time()
            try:
                result = await self._runner.run(job)
            except Exception as failure:
                self._note(job, "again" if isinstance(failure, Unavailable) else "fault", began)
                raise
            outcome = "again" if isinstance(result, TryAgain) else result.outcome
            self._note(job, outcome, began)
            if outcome not in _WELL:
                fail(told, outcome)
            return result

    async def bounds(self, lane: str) -> tuple[str, Bounds]:
        """Those of the other."""
        return await self._runner.bounds(lane)

    def _note(self, job: Job, outcome: str, began: float) -> None:
        self._telemetry.metrics.job_seconds.add(asyncio.get_running_loop().time() - began, (job.kind, outcome))
