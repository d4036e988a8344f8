"""The crash kit: a workload over real HTTP, a nemesis that breaks what it runs on, and a checker of what is left.

    make crash SEED=7 SECONDS=60 DATABASE=postgresql NODES=3

`plan` draws from the seed who asks for what and what breaks when. `clients` ask, and note in a `history` what they
were told; `nemesis` breaks the nodes of `cluster` and the database of `databases`. `rest` has everything come to its
end, and `checker` holds the history against the rows. `plants` are bugs that the checker has to name.

The exit status is 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import signal
import sys

from tests.crash.kit.plan import Database, Plan
from tests.crash.kit.run import run

#: What is run where nobody says with which database, and with how many nodes.
USUAL: tuple[tuple[Database, int], ...] = (("sqlite", 1), ("postgresql", 1), ("postgresql", 3))


def plans(given: argparse.Namespace) -> list[Plan]:
    """What the arguments ask for."""
    chosen = [(database, nodes) for database, nodes in USUAL if given.database in (None, database)]
    if given.nodes is not None:
        chosen = [(database, given.nodes) for database in dict.fromkeys(database for database, _ in chosen)]
    return [Plan(given.seed, given.seconds, database, nodes) for database, nodes in chosen]


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What the command line says, or the reason why it says nothing useful on standard error."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.kit", description="Break everything, and look.")
    new = random.SystemRandom().getrandbits(32)
    parser.add_argument("--seed", type=int, default=new, help="the same number breaks the same; a new one without it")
    parser.add_argument("--seconds", type=time_to_run, default=60.0, help="of each run, before it comes to rest; 60")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="both without it")
    parser.add_argument("--nodes", type=count, help="without it 1 on SQLite, and 1 and then 3 on PostgreSQL")
    return parser.parse_args(given)


def time_to_run(text: str) -> float:
    """A number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no time to break anything in; give seconds above 0")
    return seconds


def count(text: str) -> int:
    """A number of nodes."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of nodes; give 1 or more")
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} nodes do nothing; give 1 or more")
    return int(text)


def main() -> int:
    """Run what was asked for; gives how many runs broke a promise."""
    broken = 0
    for plan in plans(arguments()):
        verdict = asyncio.run(run(plan, lambda line: print(line, flush=True)))
        print("\n".join([*verdict.faults[:50], str(verdict)]), flush=True)
        broken += bool(verdict.faults)
    return min(broken, 1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # the nodes have to go as well
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped before it was over")
