"""The unit of work in process: start a process with one approval, approve it; both durable, N at a time.

`python unit_placet.py URL SECONDS AT_A_TIME [COUNT]` works on a prepared database for that long, or for COUNT units,
and prints what it did as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop
from population import DATA, DEFINITION, dn, manager, user_name

from placet import Engine

WARM_UP = 0.5


class Worker:
    """Does units until told to stop."""

    def __init__(self, engine: Engine, count: int | None) -> None:
        self._engine, self._left = engine, count
        self.done = 0
        self.over = False

    async def run(self, first: int) -> None:
        person = first
        while not self.over and self._left != 0:
            if self._left:
                self._left -= 1
            await self.unit(person)
            person += 1

    async def unit(self, number: int) -> None:
        found = await self._engine.start(DEFINITION, actor=user_name(number), data=DATA)
        item = found.process.id[:28] + "0001"
        answer = await self._engine.act(item, "approve", actor=dn(manager(number)))
        assert answer.process.life.is_over
        self.done += 1


async def main(url: str, seconds: float, at_a_time: int, count: int | None) -> dict[str, float]:
    async with Engine(url) as engine:
        worker = Worker(engine, count)
        begin = time.perf_counter()
        running = [asyncio.create_task(worker.run(17 * number)) for number in range(at_a_time)]
        if count is None:
            await asyncio.sleep(WARM_UP)
        before = worker.done, engine.store.commands, engine.store.batches
        begin = time.perf_counter() if count is None else begin
        if count is None:
            await asyncio.sleep(seconds)
            worker.over = True
        else:
            await asyncio.gather(*running)
        passed = time.perf_counter() - begin
        after = worker.done, engine.store.commands, engine.store.batches
        await asyncio.gather(*running)
    units, commands, batches = (late - early for late, early in zip(after, before, strict=True))
    return {"rate": units / passed, "units": units, "commits_per_command": batches / max(commands, 1)}


if __name__ == "__main__":
    url, seconds, at_a_time, *count = sys.argv[1:]
    result = uvloop.run(main(url, float(seconds), int(at_a_time), int(count[0]) if count else None))
    print(json.dumps(result))
