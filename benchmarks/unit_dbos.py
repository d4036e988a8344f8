"""The unit of work by DBOS: a durable workflow with one step that waits for a message, and the message that ends it.

`python unit_dbos.py URL SECONDS AT_A_TIME` runs in the environment that has DBOS, on an empty PostgreSQL database, and
prints its rate as JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from typing import Any

from dbos import DBOS

logging.disable(logging.CRITICAL)
WARM_UP = 1.0


@DBOS.step()
async def ask(data: dict[str, Any]) -> str:
    return "waiting for the manager"


@DBOS.workflow()
async def approval(data: dict[str, Any]) -> bool:
    await ask(data)
    return bool(await DBOS.recv_async("answer", timeout_seconds=3600))


async def unit(data: dict[str, Any]) -> None:
    handle = await DBOS.start_workflow_async(approval, data)
    await DBOS.send_async(handle.get_workflow_id(), True, topic="answer")
    assert await handle.get_result()


async def main(seconds: float, at_a_time: int, data: dict[str, Any]) -> float:
    done, is_over = 0, False

    async def worker() -> None:
        nonlocal done
        while not is_over:
            await unit(data)
            done += 1

    tasks = [asyncio.create_task(worker()) for _ in range(at_a_time)]
    await asyncio.sleep(WARM_UP)
    before, begin = done, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (done - before) / (time.perf_counter() - begin)
    is_over = True
    await asyncio.gather(*tasks)
    return rate


if __name__ == "__main__":
    url, given_seconds, given_number = sys.argv[1:]
    address = "postgresql+psycopg://" + url.partition("://")[2]
    DBOS(config={"name": "bench", "system_database_url": address, "log_level": "CRITICAL", "run_admin_server": False})
    DBOS.launch()
    print(
        json.dumps({"rate": asyncio.run(main(float(given_seconds), int(given_number), json.load(sys.stdin)))}),
        flush=True,
    )
    os._exit(0)  # its threads have nothing more to do
