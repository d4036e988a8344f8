"""What waits for a transaction, in the order in which it came."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from placet.commands import Command
from placet.errors import Unavailable

LEAST_IN_BATCH = 16


@dataclass(slots=True, eq=False)
class Pending:
    """One command, or one administrative function, that waits for its answer."""

    work: Command | Callable[[Connection], Any]
    answer: asyncio.Future[Any]
    aside: bool = False  # a function that takes long
    since: float = field(default_factory=time.perf_counter)
    process_id: str | None = field(init=False)  # of a command

    def __post_init__(self) -> None:
        self.process_id = None if callable(self.work) else self.work.process_id

    def resolve(self, answer: object) -> None:
        if self.answer.done():  # its caller has gone; what it asked for is done all the same
            return
        if isinstance(answer, BaseException):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Backlog:
    """The one queue before all lanes, which are told apart by their numbers.

    A lane is given no command of a process that another lane is at, so that no two transactions of a node wait for each
    other. Administrative functions are for the lane 0 alone, one after the other.
    """

    def __init__(self, lanes: int) -> None:
        self._free = lanes
        self._pending: deque[Pending] = deque()
        self._at: dict[str, int] = {}  # which lane is at a process
        self._asleep: dict[int, asyncio.Event] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, work: Any, *, aside: bool = False) -> asyncio.Future[Any]:
        """Have a command or a function wait; gives its answer to come."""
        if self._closed:
            raise Unavailable("The engine is stopping; it takes no more commands.")
        pending = Pending(work, asyncio.get_running_loop().create_future(), aside)
        self._pending.append(pending)
        if self._asleep:
            self._wake_for([pending])
        return pending.answer

    def _wake_for(self, waiting: Iterable[Pending]) -> None:
        """Wake a lane that sleeps and may take one of these."""
        first = min(self._asleep)
        for pending in waiting:
            lane = self._lane_of(pending, first)
            if lane in self._asleep:
                self._asleep.pop(lane).set()
                return

    def close(self) -> None:
        """Take nothing more; who sleeps is woken for the end."""
        self._closed = True
        while self._asleep:
            self._asleep.popitem()[1].set()

    async def wait(self, lane: int) -> bool:
        """Return once there may be something for this lane; false: never again."""
        if self._closed:
            return False
        woken = self._asleep[lane] = asyncio.Event()
        await woken.wait()
        await asyncio.sleep(0)  # what is ready in this turn of the loop joins the batch
        return True

    def has(self, lane: int) -> bool:
        """Whether there is something for this lane."""
        return any(self._lane_of(pending, lane) == lane for pending in self._pending)

    def take(self, lane: int, most: int) -> list[Pending]:
        """Up to so many commands for one batch, or a single function; tell when they are `done`.

        Other free lanes are left their share, since one can decide while another waits for the database.
        """
        most = min(most, max(LEAST_IN_BATCH, math.ceil(len(self._pending) / self._free)))
        taken: list[Pending] = []
        left: list[Pending] = []
        while self._pending and len(taken) < most:
            pending = self._pending.popleft()
            if self._lane_of(pending, lane) != lane:
                left.append(pending)
            elif pending.process_id is not None:
                taken.append(pending)
            else:
                (left if taken else taken).append(pending)
                break
        self._pending.extendleft(reversed(left))
        self._free -= bool(taken)
        self._at.update((pending.process_id, lane) for pending in taken if pending.process_id is not None)
        if self._asleep:
            self._wake_for(self._pending)
        return taken

    def _lane_of(self, pending: Pending, free: int) -> int:
        """Which lane this waits for; `free` where any will do."""
        return 0 if pending.process_id is None else self._at.get(pending.process_id, free)

    def done(self, taken: list[Pending]) -> None:
        """Leave the processes of what was taken to whoever comes next."""
        self._free += bool(taken)
        for pending in taken:
            if pending.process_id is not None:
                self._at.pop(pending.process_id, None)
