"""What a node asks again and again, beside a million waiting timers: what is due, what comes next, and the next jobs.

Half of them are waits of processes, a fifth calls that are to be tried later, and the others reminders of work items.
The same is asked before they are there, since on a busy machine times tell more about that.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median, quantiles
from typing import Any, TypeAlias

from bars import Result
from fill_postgres import postgresql
from sqlalchemy import Connection, insert
from workspace import Workspace

from placet import Engine
from placet.core.records import Job
from placet.jobs.queue_reader import AT_ONCE, SILENCE
from placet.store import jobs, leaving, taking, work_items
from placet.store.bulk import Bulk, Inserts
from placet.store.claiming import Claims
from placet.store.queue_driver import Reconnecting
from placet.store.tables import job, work_item

NOW = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_SECONDS = 365 * 24 * 3600
DUE = 10  # timers whose time has come
AT_MOST = 100  # of them are asked for at once
LANES = 10
PROMISED = 1.0  # milliseconds
TIMES, CALLS, FEW = 500, 200, 5
FILLED_AT_ONCE = 20_000

_FILLED = "process_id", "number", "kind", "token", "timer_at", "timer", "payload", "lane"
_JOBS = Bulk(insert(job), _FILLED)
_ITEM = {
    "number": 1, "activity": "ask", "token": 1, "addressee": 1, "created_at": NOW, "status": 0, "priority": 2,
    "returned": False, "reminders": 0, "escalated": False, "timer": 1, "held": 0,
}  # fmt: skip
_ITEMS = Bulk(insert(work_item), ("process_id", "timer_at", *_ITEM))
_PAYLOAD = {"connector": "Bookings", "inputs": {"room": 12, "day": "2026-01-01"}, "tries": []}

NOTHING = "a question of nothing"
Asked: TypeAlias = Callable[[Connection], object]
#: What a node asks in its transactions, whatever the database.
ASKED: dict[str, Asked] = {
    NOTHING: lambda tx: tx.exec_driver_sql("SELECT 1").scalar(),
    "due timers of work items": lambda tx: work_items.due(tx, NOW, AT_MOST),
    "due jobs of the engine": lambda tx: jobs.due(tx, NOW, AT_MOST),
    "the next timer of a work item": work_items.next_due,
    "the next job of the engine": jobs.next_due,
    "the lanes, and what is next of each": leaving.lanes,
}


def run(space: Workspace) -> None:
    count = 100_000 if space.quick else 1_000_000
    with space.scratch() as folder:
        os.chmod(folder, 0o777)  # the server runs as somebody else
        asyncio.run(_measure(space, "SQLite", f"sqlite:///{folder}/placet.db", count))
        with postgresql(folder) as address:
            asyncio.run(_measure(space, "PostgreSQL", f"{address}/postgres", count))


async def _measure(space: Workspace, name: str, url: str, count: int) -> None:
    async with Engine(url, run_jobs=False) as engine:
        await engine.store.write(lambda tx: _fill(tx, range(DUE), -60), refresh=False)
        alone = await _ask_all(engine, url, 0)
        begin = time.perf_counter()
        for start in range(0, count, FILLED_AT_ONCE):
            numbers = range(DUE + start, DUE + start + FILLED_AT_ONCE)
            await engine.store.write(partial(_fill, numbers=numbers, after=60), aside=True, refresh=False)
        await engine.store.write(lambda tx: tx.exec_driver_sql("ANALYZE"), aside=True, refresh=False)
        space.report.remark(f"{name}: {count:,} timers wait ({time.perf_counter() - begin:.0f} s to have them)")
        beside = await _ask_all(engine, url, 1)
    for what, times in beside.items():
        limit, before = None if what == NOTHING else PROMISED, median(alone[what])
        space.report.add(
            Result(f"{name}: {what}", [median(times)], "ms", limit, note=f"{before:.2f} without them"),
            Result("  99th percentile", [quantiles(times, n=100)[-1]], "ms"),
        )


async def _ask_all(engine: Engine, url: str, turn: int) -> dict[str, list[float]]:
    times = {what: await engine.store.read(partial(_times, asked=asked)) for what, asked in ASKED.items()}
    return times | ({} if url.startswith("sqlite") else await _dequeue(engine, url, turn))


def _times(tx: Connection, asked: Asked) -> list[float]:
    times = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        asked(tx)
        times.append(1000 * (time.perf_counter() - begin))
    return times[TIMES // 10 :]  # once the driver knows the statement


# -- filling ---------------------------------------------------------------------------------------


def _fill(tx: Connection, numbers: range, after: int) -> None:
    """Timers that come due so many seconds from now, and within a year of that unless it has passed."""
    reminded, waiting = [], []
    for number in numbers:
        at = NOW + timedelta(seconds=after + (number * 7919 % YEAR_SECONDS if after > 0 else 0))
        row = {"process_id": _id(number), "timer_at": at}
        if number % 10 < 3:
            reminded.append(row | _ITEM)
        else:
            waiting.append(row | _job(number))
    _ITEMS.run(tx, reminded)
    _JOBS.run(tx, waiting)


def _job(number: int) -> dict[str, Any]:
    of = {"number": 1, "token": 1, "timer": 1}
    if number % 10 < 5:
        return of | {"kind": "call", "payload": _PAYLOAD, "lane": f"connector/{number // 10 % LANES}"}
    return of | {"kind": "wait", "payload": {}, "lane": None}


def _id(number: int) -> str:
    return f"{number << 16:032x}"


def _add(waiting: list[Job], tx: Connection) -> None:
    inserts = Inserts(tx)
    jobs.add(inserts, waiting)
    inserts.run()


# -- the queue -------------------------------------------------------------------------------------


async def _dequeue(engine: Engine, url: str, turn: int) -> dict[str, list[float]]:
    """Looks at the queue that find nothing, and jobs of a service that may run now, taken a few at a time."""
    lane, concurrency = "connector/of its own", 20
    first = (turn + 1) << 32
    queued = [Job(_id(first + number), 2, "call", NOW, 1, _PAYLOAD, 0, lane) for number in range(FEW * CALLS)]
    await engine.store.write(partial(_add, queued), refresh=False)
    await engine.store.write(taking.analyze, refresh=False)  # as a node does
    driver = Reconnecting(url)
    claims, taken = Claims(driver), []

    async def take() -> None:
        found = await claims.claim({lane: concurrency}, FEW, SILENCE)
        taken.append([(each.process_id, each.number) for each in found.jobs.values()])

    async def finish() -> None:
        await engine.store.write(lambda tx: jobs.end(tx, taken[-1]), refresh=False)

    try:
        nothing = await _milliseconds(lambda: claims.claim({"connector/none": concurrency}, AT_ONCE, SILENCE))
        some = await _milliseconds(take, finish)
    finally:
        await driver.close()
    assert sum(map(len, taken)) == len(queued)
    return {"a look at the queue that finds nothing": nothing, f"{FEW} jobs taken from the queue": some}


async def _milliseconds(
    work: Callable[[], Awaitable[object]], between: Callable[[], Awaitable[None]] | None = None
) -> list[float]:
    times = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - begin))
        if between is not None:
            await between()
    return times[CALLS // 10 :]
