"""The jobs that run here just now, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks(set[asyncio.Task[None]]):
    """Tasks that have not ended; the loop itself would not keep them until then."""

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="placet-job")
        self.add(task)
        task.add_done_callback(self.discard)
