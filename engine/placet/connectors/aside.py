"""Work on what is large, beside the event loop: everything else keeps its pace meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

LARGE = 65_536  # bytes: what is smaller is done sooner than handed to a thread
_thread = ThreadPoolExecutor(1, thread_name_prefix="placet-aside")  # several would only fight for the interpreter


async def aside(size: int, work: Callable[[], T]) -> T:
    """What some work on so many bytes gives."""
    if size <= LARGE:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_thread, work)
