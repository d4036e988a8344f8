"""Logs go to standard error: readable on a terminal, one JSON object a line everywhere else."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from placet.log import with_context

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def set_up_logging(level: str) -> None:
    """Send our own log and that of libraries to standard error, from `level` on; of libraries warnings at least."""
    steps: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        with_context,  # for the lines of libraries, which do not have them as extras
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=steps, processors=_last_steps()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(LEVELS[level], logging.WARNING))
    logging.getLogger("placet").setLevel(LEVELS[level])


def _last_steps() -> list[Processor]:
    tidy: Any = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if sys.stderr.isatty():
        return [tidy, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [tidy, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
