"""Estimates: what holds for some rows from everywhere is taken to hold for all.

Ids of processes are in order of time, and so are the positions of events: events that lie equally far apart part the
ids into stretches in each of which about as much has happened. Each stretch is cut into pieces; one piece of each is
looked at, then another one, for as long as there is time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, bindparam, select

from placet.store.tables import event, process

T = TypeVar("T")

_STRETCHES = 24
_ROWS = 400  # about how many a piece should have
_MOST_PIECES = 4096
_EVENTS_EACH = 6  # about how many events a process has
_STEP = 0.618  # of all pieces to the next: wherever one stops, those looked at lie far apart

_NEXT = select(event.c.process_id).where(event.c.position >= bindparam("place")).order_by(event.c.position).limit(1)


@dataclass(frozen=True, slots=True)
class Sample(Generic[T]):
    """What was found in some pieces, and which `share` they are of all; of 1 nothing was left out."""

    found: list[T]
    share: float


def sampled(tx: Connection, look: Callable[[str, str], T], seconds: float, *, by_process: bool) -> Sample[T]:
    """What `look` finds among the processes from one id up to but without another, piece by piece.

    `by_process` tells that there is about one row of each, and not one of each event. At least one piece of each
    stretch is looked at.
    """
    until = time.perf_counter() + seconds
    bounds, events = _bounds(tx)
    pieces = _pieces(events / (_EVENTS_EACH if by_process else 1))
    step = int(pieces * _STEP) | 1  # odd, so that it meets all of a power of two
    found: list[T] = []
    for turn in range(pieces):
        piece = turn * step % pieces
        for low, high in pairwise(bounds):
            begin, end = (low + (high - low) * each // pieces for each in (piece, piece + 1))
            if begin < end:
                found.append(look(f"{begin:032x}", f"{end:032x}"))
        if time.perf_counter() > until:
            return Sample(found, (turn + 1) / pieces)
    return Sample(found, 1.0)


def _pieces(rows: float) -> int:
    wanted = int(rows / (_STRETCHES * _ROWS))
    return min(_MOST_PIECES, 1 << max(wanted - 1, 0).bit_length())


def _bounds(tx: Connection) -> tuple[list[int], int]:
    """Ids that part all processes into stretches, the last behind all of them; and how many events there are."""
    lowest, highest = _ends(tx, process.c.id)
    first, last = _ends(tx, event.c.position)
    if lowest is None:
        return [], 0
    bounds = {int(lowest, 16), int(highest, 16) + 1}
    if first is None:
        return sorted(bounds), 0
    for nth in range(1, _STRETCHES):
        place = first + (last - first) * nth // _STRETCHES
        bounds.add(int(tx.execute(_NEXT, {"place": place}).scalar_one(), 16))
    return sorted(bounds), last - first + 1


def _ends(tx: Connection, key: ColumnElement[Any]) -> tuple[Any, Any]:
    """The lowest and the highest value of a key, each by one step into its index."""
    lowest, highest = (select(key).order_by(order).limit(1) for order in (key.asc(), key.desc()))
    return tx.execute(lowest).scalar(), tx.execute(highest).scalar()
