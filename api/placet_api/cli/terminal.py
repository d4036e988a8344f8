"""The terminal that a program was started from."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator


class Terminal:
    """Tells whether the terminal is gone, which is when SIGHUP means what its name says.

    There is none for a service of the system, and none that matters to a program that was started with `nohup`.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def is_gone(self) -> bool:
        if self._descriptor is None:
            return False
        try:
            os.tcgetpgrp(self._descriptor)
        except OSError:
            return True
        return False


@contextlib.contextmanager
def controlling_terminal() -> Iterator[Terminal]:
    """The terminal that controls this program, held open for the block; call it before SIGHUP is handled."""
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        yield Terminal(None)
        return
    try:
        descriptor = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        yield Terminal(None)
        return
    try:
        yield Terminal(descriptor)
    finally:
        os.close(descriptor)
