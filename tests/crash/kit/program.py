"""What runs in the process of a node: `placet serve` under an engine id, with the bugs that are planted in it."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from placet.store.database import postgres
from tests.crash import node
from tests.crash.kit.plants import PLANTS

#: A wire that is dead is given up after seconds, where it usually is after half a minute or more: the run is short.
IMPATIENCE = {"CONNECT_SECONDS": 2.0, "WRITE_SECONDS": 3.0, "READ_SECONDS": 3.0, "GRACE_SECONDS": 0.5}


def serve(
    output: Connection, url: str, folder: Path, edge: str | None, nth: int, *, engine_id: str, plants: Sequence[str]
) -> None:
    """Serve until a signal comes."""
    for name, seconds in IMPATIENCE.items():
        setattr(postgres, name, seconds)
    for plant in plants:
        PLANTS[plant]()
    node.serve_as(output, url, folder, edge, nth, engine_id=engine_id)
