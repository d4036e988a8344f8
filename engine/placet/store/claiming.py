"""What a node says to the queue of jobs on PostgreSQL: which rows it claims, is at, and gives back.

Who claims a row takes its job in the same statement and moves the `timer` of that up, so that what another did with it
before then comes too late. PgQueuer finds the rows and counts them; it would end one, or give it back, without asking
whether it is still the node's own, so that is said here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import orjson

from placet.core.records import Job
from placet.store.queue_driver import RACES, Reconnecting
from placet.store.queueing import SCHEMA, statements

_QUEUE = f"{SCHEMA}.pgqueuer"
_ENTRYPOINTS = f"""
    WITH RECURSIVE waiting (entrypoint) AS (
        SELECT min(entrypoint) FROM {_QUEUE} WHERE status = 'queued'
        UNION ALL
        SELECT (SELECT min(entrypoint) FROM {_QUEUE} next
                WHERE next.status = 'queued' AND next.entrypoint > waiting.entrypoint)
        FROM waiting WHERE waiting.entrypoint IS NOT NULL
    )
    SELECT entrypoint FROM waiting WHERE entrypoint IS NOT NULL
    UNION SELECT entrypoint FROM {_QUEUE} WHERE status = 'picked'
"""  # noqa: S608  # nothing in it is anybody's input
#: What follows PgQueuer's own statement, before its last line. A job that a transaction holds just now is left alone:
#: whoever waited for it here could not say that he lives.
_FOUND = "SELECT * FROM claimed"
_TAKE = """
, named AS (
    SELECT id, substring(payload FROM 1 FOR 16) AS process_id,
        ('x' || encode(substring(payload FROM 17 FOR 4), 'hex'))::bit(32)::int AS number FROM claimed
), there AS (
    SELECT named.* FROM named JOIN job USING (process_id, number)
    WHERE job.timer_at IS NULL AND job.lane IS NOT NULL AND NOT job.payload ? 'came'
), held AS (
    SELECT there.* FROM there JOIN job USING (process_id, number)
    WHERE job.timer_at IS NULL ORDER BY job.process_id, job.number FOR UPDATE OF job SKIP LOCKED
), taken AS (
    UPDATE job SET timer = job.timer + 1 FROM held
    WHERE job.process_id = held.process_id AND job.number = held.number
    RETURNING job.*, held.id
)
SELECT claimed.id AS row, there.id IS NOT NULL AS is_there, taken.*
FROM claimed LEFT JOIN there ON there.id = claimed.id LEFT JOIN taken ON taken.id = claimed.id
"""
_DROP = f"DELETE FROM {_QUEUE} WHERE id = ANY($1::bigint[]) AND queue_manager_id = $2"  # noqa: S608  # as above
_OWN = f"""
    SELECT id FROM {_QUEUE} WHERE id = ANY($1::bigint[]) AND queue_manager_id = $2 ORDER BY id FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # as above
_BEAT = f"UPDATE {_QUEUE} SET heartbeat = now() WHERE id IN ({_OWN})"  # noqa: S608  # as above
_GIVE_BACK = f"""
    UPDATE {_QUEUE}
    SET status = 'queued', execute_after = now() + $3::interval, updated = now(), queue_manager_id = NULL
    WHERE id IN ({_OWN})
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class Claimed:
    """The jobs that were taken by the ids of their rows, and the rows whose jobs somebody else holds just now.

    `found` is how many rows there were, with those whose jobs have moved on: they are gone.
    """

    jobs: Mapping[int, Job]
    busy: Sequence[int]
    found: int


class Claims:
    """The rows of the queue that one node has; it changes none that another has taken over."""

    def __init__(self, driver: Reconnecting) -> None:
        self._driver = driver
        self.node = uuid4()  # by which this node's rows are known

    async def entrypoints(self) -> list[str]:
        """What is shared by the jobs that are in the queue or were claimed."""
        return [row["entrypoint"] for row in await self._driver.fetch(_ENTRYPOINTS)]

    async def claim(self, asked: Mapping[str, int], most: int, silence: timedelta) -> Claimed:
        """Take jobs of what is asked for, each with how many of it may be taken on all nodes together.

        Those whose node has not said for so long that it is at them are among them.
        """
        query = statements().build_dequeue_query(
            batch_size=most,
            entrypoints=list(asked),  # type: ignore[arg-type]  # they are texts to the database
            concurrency_limits=list(asked.values()),
            queue_manager_id=self.node,  # type: ignore[arg-type]  # a UUID under another name
            global_concurrency_limit=None,
            heartbeat_timeout=silence,
        )
        try:
            rows = await self._driver.fetch(_taking(query.sql), *query.args)
        except RACES:
            rows = []
        if gone := [row["row"] for row in rows if not row["is_there"]]:
            await self._driver.execute(_DROP, gone, self.node)
        jobs = {row["row"]: _record(row) for row in rows if row["id"] is not None}
        busy = [row["row"] for row in rows if row["is_there"] and row["id"] is None]
        return Claimed(jobs, busy, len(rows))

    async def beat(self, rows: Collection[int]) -> None:
        """Say that this node is at these rows."""
        await self._driver.execute(_BEAT, list(rows), self.node)

    async def give_back(self, rows: Collection[int], after: timedelta = timedelta(0)) -> None:
        """Have rows that this node is not at any more delivered again, to anybody; those that are gone stay gone."""
        await self._driver.execute(_GIVE_BACK, list(rows), self.node, after)


@cache
def _taking(sql: str) -> str:
    """PgQueuer's statement that claims rows, so that it takes their jobs as well."""
    claiming, found, _ = sql.rpartition(_FOUND)
    if not found:
        raise ValueError(f"PgQueuer claims rows in another way than it did: its statement has no {_FOUND!r}.")
    return claiming.rstrip() + _TAKE


def _record(row: Mapping[str, Any]) -> Job:
    """A job as the driver gives it; one that may run has no time."""
    payload = orjson.loads(row["payload"])
    return Job(
        row["process_id"].hex(), row["number"], row["kind"], None, row["token"], payload, row["timer"], row["lane"]
    )
