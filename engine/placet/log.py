"""Logging for whoever embeds the engine: ordinary records of Python's `logging`, with what they are about as extras.

Nothing is configured here. A host that configures nothing sees warnings and errors on standard error, and no more.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any, cast

import structlog

#: What is being done where a line is written; plain variables, because every request and every command sets one.
REQUEST_ID: ContextVar[str] = ContextVar("placet_request_id")
PROCESS_ID: ContextVar[str] = ContextVar("placet_process_id")


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose calls take what they are about by keyword: `log.error("due work failed", process_id=…)`.

    A line also has the request and the process that it is written about, where there are some.
    """
    steps: list[Any] = [structlog.stdlib.filter_by_level, with_context, structlog.stdlib.render_to_log_kwargs]
    wrapped = structlog.wrap_logger(
        logging.getLogger(name), processors=steps, wrapper_class=structlog.stdlib.BoundLogger, context_class=dict
    )
    return cast(structlog.stdlib.BoundLogger, wrapped)


def with_context(logger: Any, method: str, event: Any) -> Any:
    """A step of structlog: add what a line is about that does not say so itself."""
    for name, about in (("request_id", REQUEST_ID), ("process_id", PROCESS_ID)):
        known = about.get("")
        if known:
            event.setdefault(name, known)
    return event
