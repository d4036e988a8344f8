"""What the metrics are told of commands once their callers have their answers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from placet.commands import Command, StartProcess
from placet.errors import PlacetError, Unavailable
from placet.store.batch import Outcome
from placet.telemetry.metrics import Metrics

_DONE = "done"


def count(metrics: Metrics, answered: Iterable[tuple[Command, float, Any]]) -> None:
    """Count commands, each with when it was given, by `time.perf_counter`, and its answer."""
    now = time.perf_counter()
    for command, given, answer in answered:
        outcome = outcome_of(answer)
        metrics.decided(type(command).__name__, outcome, now - given)
        if outcome == _DONE and type(command) is StartProcess:
            metrics.starts.add((answer.definition.name,))


def outcome_of(answer: Outcome | BaseException) -> str:
    """What became of a command, in one word."""
    if isinstance(answer, Outcome):
        if answer.process is not None:
            return _DONE
        return "repeated" if answer.repeated else "overtaken"
    if isinstance(answer, Unavailable):
        return "unavailable"
    return "refused" if isinstance(answer, PlacetError) else "failed"
