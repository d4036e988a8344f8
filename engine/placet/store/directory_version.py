"""The number of changes of people and rights. Every row says since which one it is as it is."""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy import Connection

from placet.store import counters

Transaction: TypeAlias = Connection

COUNTER = "directory"


def version(tx: Transaction) -> int:
    """The number of changes so far; 0 before the first."""
    return counters.value(tx, COUNTER)


def bump(tx: Transaction) -> int:
    """Move the version on, so that what changed is read again wherever it is held in memory; gives the new one.

    It comes before the change: whoever else changes something waits here, so that versions end in their order.
    """
    return counters.bump(tx, COUNTER)
