"""Python's search for cycles of garbage, kept from looking at everything while very much is in memory for a moment."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NEVER = 2**31 - 1

_turn = threading.Lock()
_inside = 0
_usual = gc.get_threshold()


@contextmanager
def without_full_collections() -> Iterator[None]:
    """For the length of a block only young objects are looked at: a look at millions of old ones stops all threads."""
    global _inside, _usual
    with _turn:
        if not _inside:
            _usual = gc.get_threshold()
            gc.set_threshold(*_usual[:2], _NEVER)
        _inside += 1
    try:
        yield
    finally:
        with _turn:
            _inside -= 1
            if not _inside:
                gc.set_threshold(*_usual)
