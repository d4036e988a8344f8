"""Ids of processes: 32 lower-case hex digits whose order is the order of creation.

The layout is that of UUID version 7 with the last 16 bits zero, which leaves room for the numbers of work items:
48 bits of milliseconds, 4 of version, 12 that count within the millisecond, 2 of variant, 46 random, 16 zero.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from random import Random

_random = Random()  # noqa: S311  # ids have to be unlike each other, not hard to guess: knowing one gives no right
os.register_at_fork(after_in_child=_random.seed)  # a server's forked workers would make the same ids
_HEX = re.compile(r"[0-9a-f]{32}")


class IdMaker:
    """Makes ids that only ever go up, also when the clock stands still or steps back."""

    def __init__(self) -> None:
        self._last = 0

    def make(self, now: datetime) -> str:
        """An id that no other program makes, greater than all that were made here before."""
        stamp = (int(now.timestamp() * 1000) << 12) | _random.getrandbits(8)
        self._last = stamp if stamp > self._last else self._last + 1
        millisecond, count = self._last >> 12, self._last & 0xFFF
        value = (millisecond << 80) | (0x7 << 76) | (count << 64) | (0b10 << 62) | (_random.getrandbits(46) << 16)
        return f"{value:032x}"


def is_id(text: str) -> bool:
    """Whether a text has the form of an id."""
    return _HEX.fullmatch(text) is not None


def new_command_id() -> str:
    """A random id for one command, by which it is found again after a lost connection."""
    return f"{_random.getrandbits(128):032x}"
