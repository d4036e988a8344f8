"""Start-up with 100,000 open processes beside start-up with ten: time to be ready, and memory."""

from __future__ import annotations

from bars import Result
from fill import Kind, copy
from machine import memory
from servers import placet
from workspace import Workspace

MANY, FEW = 100_000, 10


def run(space: Workspace) -> None:
    with space.scratch() as folder:
        databases = {
            count: copy(Kind(count, open_share=1, definitions=1), folder / f"{count}.db") for count in (MANY, FEW)
        }
        seconds: dict[int, list[float]] = {MANY: [], FEW: []}
        resident: dict[int, list[float]] = {MANY: [], FEW: []}
        for repeat in range(space.repeats + 1):
            for count in (MANY, FEW) if repeat % 2 else (FEW, MANY):
                with placet(databases[count], folder) as server:
                    if repeat:  # the first start sets the administrator's password
                        seconds[count].append(server.seconds)
                        resident[count].append(memory(server.pid))
    for count in (FEW, MANY):
        space.report.add(
            Result(f"ready with {count} open processes", seconds[count], "s"),
            Result("  memory", resident[count], "MiB"),
        )
    space.report.add(
        Result("time to be ready, 100 000 / ten open", _ratios(seconds), "×", limit=1.2),
        Result("memory when ready, 100 000 / ten open", _ratios(resident), "×", limit=1.2),
    )


def _ratios(values: dict[int, list[float]]) -> list[float]:
    return [many / few for many, few in zip(values[MANY], values[FEW], strict=True)]
