"""What operators ask of a million processes, two million work items and ten million events: queries, figures, limits.

The twenty queries are those of the reference; each stands beside the same in SQL, written by hand.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bars import Result
from by_hand import milliseconds_by_hand
from fill import BEGIN_MS, PEOPLE, YEAR_MS, Kind, filled
from load import request, run_load
from machine import ROOT
from population import PURCHASE, PURCHASES, dn, sign_in, start_body, user_name
from servers import ADMIN_PASSWORD, Server, placet
from workspace import Workspace

from placet import Engine, ManualClock
from placet.core.names import definition_dn, dn_guid
from placet.query.fields import PROCESSES
from placet.query.parser import parse_query
from placet.store.asked import Asked
from placet.store.cursors import write_cursor

#: The moment at which everything is asked: when the last of the year's processes has been started.
NOW = datetime.fromtimestamp((BEGIN_MS + YEAR_MS) / 1000, UTC)
CLIENTS, HOSTILE = 64, 8
REPEATS = 3
ANNA, ME = 1234, 0
PAGE = (ROOT / "docs/reference/example-queries.md").read_text("utf-8")
EXAMPLES = [
    (int(number), of.replace(" ", ""), text)
    for number, of, text in re.findall(
        r"^\*\*(\d+)\. .+?\*\* \((.+?)\).*?```query\n(.+?)\n```", PAGE, re.MULTILINE | re.DOTALL
    )
]
HEADERS = sign_in("admin", ADMIN_PASSWORD) | {"Accept": "application/json"}

_PERSON = f'"{dn(ANNA, PEOPLE)}"'
#: A first page by each field that has an index.
FIELDS = [
    ("processes", f"Definition = {PURCHASE}"),
    ("processes", "ProcessStatus = Running"),
    ("processes", "ApprovalStatus = Retracted"),
    ("processes", f"Initiator = {_PERSON}"),
    ("processes", f"Recipient = {_PERSON}"),
    ("processes", f"Proxy = {_PERSON}"),
    ("processes", "CorrelationId = order-4711"),
    ("processes", "CreationTime >= -30d and CreationTime < -29d sort CreationTime"),
    ("processes", "CompletionTime >= -30d and CompletionTime < -29d sort CompletionTime"),
    ("processes", 'Data.cost_centre = "CC-017"'),
    ("processes", "Data.amount > 4999"),
    ("workitems", f"Addressee = {_PERSON}"),
    ("workitems", "Status = Open"),
    ("workitems", "Status = Open and CreationTime < -30d"),
    ("events", "Kind = work_item.escalated"),
    ("events", "Kind = incident.opened"),
    ("incidents", "ResolutionTime is null"),
]
FACETS = [
    ("ProcessStatus", "processes"), ("Definition", "processes"), ("Initiator", "processes"),
    ("Data.cost_centre", "processes"), ("Status", "workitems"), ("Addressee", "workitems"), ("Kind", "events"),
]  # fmt: skip
TYPED = [
    ("Initiator = user12", "processes"), ("Data.cost_centre = cc-1", "processes"), ("Definition = pur", "processes"),
    ("CorrelationId = order-12", "processes"), ("ActivityId = ", "workitems"), ("Proc", "processes"),
]  # fmt: skip
SLOW = [
    'Data.reason contains "nowhere to be found"',
    "Events.ActivityId = nowhere",
    "group by Initiator",
    f"not ({' and '.join(f'not Data.title contains w{n}' for n in range(1000, 1100))})",
    "(" * 10_000,
    "x" * 6_000,
]


def run(space: Workspace) -> None:
    count = 100_000 if space.quick else 1_000_000
    begin = time.perf_counter()
    database = filled(Kind(count, detailed=True))
    space.report.remark(f"{count:,} processes with ten events each ({time.perf_counter() - begin:.0f} s to have them)")
    repeats = min(space.repeats, REPEATS)
    with space.scratch() as folder:
        with served(database, folder) as server:
            pages(space, server, repeats)
            _examples_by_hand(space, server, database, repeats)
            depths(space, server, database, repeats)
        asyncio.run(figures(space, f"sqlite:///{database}", repeats))
        _beside_slow(space, database, folder, repeats)


@contextmanager
def served(database: Path | str, folder: Path) -> Iterator[Server]:
    settings = {"BENCH_NOW": NOW.isoformat(), "PLACET_SECRET_KEY": "the key of the benchmark, which is no secret"}
    with placet(database, folder, definitions=PURCHASES, **settings) as server:
        yield server


def _query(of: str, text: str, **more: str) -> bytes:
    return request("GET", f"/v1/query/{of}?{urlencode({'q': text, 'limit': '100', **more})}", HEADERS)


# -- pages -----------------------------------------------------------------------------------------


def pages(space: Workspace, server: Server, repeats: int) -> None:
    slowest: list[float] = []
    for _ in range(repeats):
        times = {text: run_load(server.port, _query(of, text), 1, space.seconds / 3).p99 for of, text in FIELDS}
        worst = max(times, key=times.__getitem__)
        slowest.append(times[worst])
    space.report.add(
        Result(f"first page by {len(FIELDS)} indexed fields, the slowest p99", slowest, "ms", 50, note=worst)
    )


def _examples_by_hand(space: Workspace, server: Server, database: Path, repeats: int) -> None:
    connection = sqlite3.connect(database)
    times = [("week", 7), ("days", 3), ("day", 1)]
    values: dict[str, Any] = {name: int((NOW - timedelta(days=days)).timestamp() * 1000) for name, days in times}
    values |= {"anna": dn(ANNA, PEOPLE), "me": dn(ME, PEOPLE)}
    examples(space, server, repeats, lambda number: milliseconds_by_hand(connection, number, values, space.seconds / 6))
    connection.close()


def examples(space: Workspace, server: Server, repeats: int, by_hand: Callable[[int], float] | None = None) -> None:
    """The twenty, each also as a ratio to what `by_hand` says of its number in milliseconds."""
    p99: dict[int, list[float]] = defaultdict(list)
    for number, of, text in EXAMPLES:
        asked = re.sub(r"\bme\b", user_name(ME, PEOPLE), re.sub(r"\banna\b", user_name(ANNA, PEOPLE), text))
        ratios = []
        for _ in range(repeats):
            load = run_load(server.port, _query(of, asked), 1, space.seconds / 3)
            p99[number].append(load.p99)
            if by_hand is not None:
                ratios.append(load.p50 / by_hand(number))
        space.report.add(Result(f"  example {number}, p99", p99[number], "ms", note=text.split("\n")[0][:60]))
        if ratios:
            space.report.add(Result(f"  example {number}, median / SQL by hand", ratios, "×"))
    slowest = [max(each[repeat] for each in p99.values()) for repeat in range(repeats)]
    space.report.add(Result("the twenty examples, the slowest p99", slowest, "ms", 50))


def depths(space: Workspace, server: Server, database: Path, repeats: int) -> None:
    """Page 10,000 beside page 1, or as deep as there are rows."""
    connection = sqlite3.connect(database)
    depth = min(10_000, connection.execute("SELECT count(*) FROM process").fetchone()[0] // 100 - 1)
    sql = "SELECT lower(hex(id)) FROM process ORDER BY id DESC LIMIT 1 OFFSET ?"
    [key] = connection.execute(sql, (depth * 100 - 1,)).fetchone()
    connection.close()
    cursor = write_cursor(Asked(PROCESSES, parse_query("", PROCESSES), None), [key])
    ratios = []
    for _ in range(repeats):
        first = run_load(server.port, _query("processes", ""), 1, space.seconds / 3).p50
        ratios.append(run_load(server.port, _query("processes", "", cursor=cursor), 1, space.seconds / 3).p50 / first)
    space.report.add(Result(f"page {depth:,} / page 1", ratios, "×", 1.2))


# -- counts, facets, completion, overview ----------------------------------------------------------


async def figures(space: Workspace, url: str, repeats: int) -> None:
    async with Engine(url, clock=ManualClock(NOW), run_jobs=False) as engine:
        system = engine.as_system()
        first = await _milliseconds(system.overview)
        overviews = [await _milliseconds(system.overview) for _ in range(5 * repeats)]
        space.report.add(
            Result("the first overview of a node", [first], "ms"), Result("the overview", overviews, "ms", 300)
        )
        counted, estimated = [], []
        for field, of in FACETS:
            for _ in range(repeats):
                begin = time.perf_counter()
                facet = await system.facet(field, "", of)
                (counted if facet.exact else estimated).append(1000 * (time.perf_counter() - begin))
        space.report.add(Result("facets that are counted, the slowest", [max(counted, default=0)], "ms", 200))
        space.report.add(Result("facets that are estimated, the slowest", [max(estimated, default=0)], "ms"))
        counts = [await _milliseconds(lambda: system.count("Data.reason contains 'laptop'")) for _ in range(repeats)]
        space.report.add(Result("a count that is estimated", counts, "ms"))
        typed = [
            await _milliseconds(lambda text=text, of=of: system.complete(text, None, of))  # type: ignore[misc]
            for text, of in TYPED
            for _ in range(5 * repeats)
        ]
        space.report.add(Result("completion, the slowest", [max(typed)], "ms", 30))


async def _milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await work()
    return 1000 * (time.perf_counter() - begin)


# -- starts beside slow and hostile queries --------------------------------------------------------


def _beside_slow(space: Workspace, database: Path, folder: Path, repeats: int) -> None:
    guid = dn_guid(definition_dn(PURCHASE))
    person = sign_in(user_name(ME, PEOPLE)) | {"Accept": "application/json"}
    start = request("POST", f"/v1/wf/definitions/{guid}", person, start_body())
    hostile = b"\0".join(_query("processes", text) for text in SLOW)
    hundred_kilobytes = request("POST", "/v1/query/processes", HEADERS, b'{"q": "' + b"(" * 100_000 + b'"}')
    quiet, beside = [], []
    shutil.copy(database, folder / "placet.db")
    for _ in range(repeats):
        with served(folder / "placet.db", folder) as server, ThreadPoolExecutor(1) as pool:
            run_load(server.port, start, CLIENTS, space.seconds)  # until all that it needs is in memory
            quiet.append(run_load(server.port, start, CLIENTS, space.seconds).rate)
            sent = hostile + b"\0" + hundred_kilobytes
            others = pool.submit(run_load, server.port, sent, HOSTILE, space.seconds + 2, may_fail=True)
            time.sleep(1)
            beside.append(run_load(server.port, start, CLIENTS, space.seconds).rate)
            statuses = others.result().statuses
    space.report.remark(f"slow and hostile queries were answered by {statuses}")
    space.report.add(
        Result(f"starts, {CLIENTS} clients", quiet, "starts/s"),
        Result(f"  beside {HOSTILE} clients with slow and hostile queries", beside, "starts/s"),
        Result(
            "starts beside slow queries / without",
            [a / b for a, b in zip(beside, quiet, strict=True)],
            "×",
            0.7,
            at_least=True,
        ),
    )
