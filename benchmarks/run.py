"""`make bench`: measures what Placet holds to, each bar beside a yardstick of the same run.

Prints what it measures as it goes, then a table of the bars; `build/bench.json` has every value. It ends with 1 when
a bar is missed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time

from bars import Report
from machine import BUILD, CORES, ROOT, describe, require_disk
from workspace import Workspace

PARTS = {
    "rest": "starts over REST beside bare handlers",
    "in_process": "start and approve in process, beside SpiffWorkflow",
    "storage": "bytes of a completed process",
    "opening": "start-up with many open processes",
    "sign_in": "a cached sign-in, and other requests while fifty sign in",
    "connectors": "calls of connectors beside httpx2 alone, and starts meanwhile",
    "million": "searching and streaming a million processes",
    "operators": "queries, facets and figures over a million processes and ten million events, and starts beside them",
    "operators_postgres": "the same queries and figures on PostgreSQL",
    "on_postgres": "starts on PostgreSQL beside bare handlers, start and approval beside DBOS and procrastinate",
    "nodes": "starts on one node and on two of one PostgreSQL database, and who uses the processor meanwhile",
    "timers": "what is due, what comes next and the next jobs, beside a million waiting timers",
    "rights": "a page of a million processes by who may see it",
    "kills": "one of three nodes is killed, and a primary whose standby is promoted",
}

#: The load average above which something else is running.
BUSY = 0.7


def main() -> int:
    arguments = _arguments()
    disk = require_disk(BUILD)
    report = Report(describe())
    print(f"{report.machine}, {disk}; medians of {arguments.repeats}, {arguments.seconds:g} s each")
    if arguments.free:
        CORES.server = CORES.client = None
    if CORES.server is None:
        report.remark("server and clients share the cores as the system likes")
    else:
        report.remark(f"over HTTP the server is kept on core {CORES.server}, its clients on core {CORES.client}")
    if (others := os.getloadavg()[0]) > BUSY:
        report.remark(
            f"other programs are running (load {others:.1f}): these figures will scatter, measure again alone"
        )
    space = Workspace(report, arguments.repeats, arguments.seconds, arguments.quick, BUILD)
    for part in arguments.only:
        print(f"\n{PARTS[part]}", flush=True)
        begin = time.perf_counter()
        importlib.import_module(part).run(space)
        print(f"  {time.perf_counter() - begin:.0f} s")
        report.save(ROOT / "build" / "bench.json")
    (ROOT / "build" / "bench.md").write_text(report.markdown())
    print(f"\n{report.table()}")
    return 0 if report.all_hold else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure Placet beside its yardsticks.")
    parser.add_argument("--only", type=_parts, default=list(PARTS), help=f"of {', '.join(PARTS)}; with commas")
    parser.add_argument("--repeats", type=int, help="how often each is measured (5)")
    parser.add_argument("--seconds", type=float, help="how long each is measured (3)")
    parser.add_argument("--quick", action="store_true", help="2 repeats of 1 second, a tenth of the rows: a smoke test")
    parser.add_argument("--free", action="store_true", help="keep neither server nor clients on a core of their own")
    arguments = parser.parse_args()
    arguments.repeats = arguments.repeats or (2 if arguments.quick else 5)
    arguments.seconds = arguments.seconds or (1 if arguments.quick else 3)
    return arguments


def _parts(text: str) -> list[str]:
    parts = text.split(",")
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not a part; the parts are {', '.join(PARTS)}")
    return parts


if __name__ == "__main__":
    sys.exit(main())
