"""An empty job by procrastinate: many put into the queue at a time, and then run by a worker, many at a time.

`python unit_procrastinate.py URL SECONDS AT_A_TIME` runs in the environment that has procrastinate, on an empty
PostgreSQL database, and prints how many of them are put in and finished in a second of both together as JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from typing import Any

import procrastinate

logging.disable(logging.CRITICAL)


async def main(url: str, seconds: float, at_a_time: int, data: dict[str, Any]) -> float:
    application = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=16, max_size=16))
    finished = 0

    @application.task(name="nothing", queue="bench")
    async def nothing(**data: Any) -> None:
        nonlocal finished
        finished += 1

    async with application.open_async():
        await application.schema_manager.apply_schema_async()
        begin = time.perf_counter()

        async def put() -> None:
            while time.perf_counter() - begin < seconds:
                await nothing.defer_async(**data)

        await asyncio.gather(*(put() for _ in range(at_a_time)))
        await application.run_worker_async(
            queues=["bench"], concurrency=at_a_time, wait=False, listen_notify=False, install_signal_handlers=False
        )
        return finished / (time.perf_counter() - begin)


if __name__ == "__main__":
    given_url, given_seconds, given_number = sys.argv[1:]
    print(
        json.dumps(
            {"rate": asyncio.run(main(given_url, float(given_seconds), int(given_number), json.load(sys.stdin)))}
        )
    )
