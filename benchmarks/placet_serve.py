"""`placet serve`, with one thing beside it: whoever connects to a socket is told how many commands and commits it had.

`python placet_serve.py SOCKET [options of serve]`; BENCH_NOW says what time it is when it begins.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from datetime import UTC, datetime

from placet import Engine, SystemClock
from placet.clock import to_millisecond
from placet_api.cli.main import main

opened: list[Engine] = []


open_engine = Engine.open


async def open_and_remember(engine: Engine) -> None:
    opened.append(engine)
    await open_engine(engine)


def tell_counts(listener: socket.socket) -> None:
    """Waits in the kernel between two questions, and so costs the server nothing."""
    while True:
        connection, _ = listener.accept()
        store = opened[-1].store
        connection.sendall(json.dumps([store.commands, store.batches]).encode())
        connection.close()


def begin_at(moment: datetime) -> None:
    """Let the system's clock be as far from the real time as it has to be."""
    ahead = moment - datetime.now(UTC)
    SystemClock.now = lambda clock: to_millisecond(datetime.now(UTC) + ahead)  # type: ignore[method-assign]


if __name__ == "__main__":
    if "BENCH_NOW" in os.environ:
        begin_at(datetime.fromisoformat(os.environ["BENCH_NOW"]))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    threading.Thread(target=tell_counts, args=(listener,), daemon=True).start()
    Engine.open = open_and_remember  # type: ignore[method-assign]  # whatever name `serve` knows it by
    sys.argv[1:2] = ["serve"]
    main()
