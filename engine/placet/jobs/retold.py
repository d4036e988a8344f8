"""What a library logs about what it does for an engine: told as our own, without its traces."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from placet.log import get_logger

log = get_logger("placet.jobs")

_ours: ContextVar[bool] = ContextVar("placet_ours", default=False)


class _Retold(logging.Filter):
    """Tells what the library logs in tasks of ours at debug; what somebody else has it do is his own affair."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not _ours.get():
            return True
        log.debug("the queue says", said=record.getMessage(), level=record.levelname.lower())
        return False


_retold = _Retold()


@contextmanager
def retold(library: str) -> Iterator[None]:
    """For the length of a block what a library logs here, and in tasks that are begun here, is told by us."""
    logging.getLogger(library).addFilter(_retold)  # once, however often
    before = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(before)
