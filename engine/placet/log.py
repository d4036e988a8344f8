"""Logging for whoever embeds the engine: ordinary records of Python's `logging`, with what they are about as extras.

Nothing is configured here. A host that configures nothing sees warnings and errors on standard error, and no more.
"""

from __future__ import annotations

import logging
from typing import Any, cast

import structlog


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose calls take what they are about by keyword: `log.error("due work failed", process_id=…)`."""
    steps: list[Any] = [structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs]
    wrapped = structlog.wrap_logger(
        logging.getLogger(name), processors=steps, wrapper_class=structlog.stdlib.BoundLogger, context_class=dict
    )
    return cast(structlog.stdlib.BoundLogger, wrapped)
