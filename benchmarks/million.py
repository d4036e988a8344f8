"""A million processes: pages of 100 beside a handler whose rows are ready, and the whole collection beside sqlite3."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlencode

from bars import Result
from fill import PEOPLE, Kind, filled
from load import request, run_load
from machine import CORES, forget_peak, memory, pin
from population import DEFINITION, dn, sign_in
from servers import ADMIN_PASSWORD, Server, bare, placet
from workspace import Workspace, python

from placet_api.params import encode_cursor

PAGE = 100
WALKED = 8_000  # pages
INDEXED = 4  # so many of the pages below have a filter with an index, and are held to the bar
MOST_USED = f"Definition=cn={DEFINITION},cn=RequestDefs,cn=AppConfig,o=placet"
HEADERS = sign_in("admin", ADMIN_PASSWORD) | {"Accept": "application/json"}

#: What a row of the answer shows, as it is stored and with names looked up.
STORED = """SELECT lower(hex(id)) AS id, definition, initiator, recipient, process_status, approval_status, created_at,
    completed_at, correlation_id, proxy, engine_id, revision FROM process ORDER BY id DESC"""
NAMED = """SELECT lower(hex(p.id)) AS id, d.dn AS definition, d.version, i.dn AS initiator, r.dn AS recipient,
    p.process_status, p.approval_status, p.created_at, p.completed_at, p.correlation_id, p.proxy, e.dn AS engine_id
    FROM process p JOIN definition d ON d.id = p.definition JOIN name i ON i.id = p.initiator
    JOIN name r ON r.id = p.recipient JOIN name e ON e.id = p.engine_id ORDER BY p.id DESC"""


def run(space: Workspace) -> None:
    count = 100_000 if space.quick else 1_000_000
    begin = time.perf_counter()
    database = filled(Kind(count))
    size = database.stat().st_size / count
    space.report.remark(
        f"{count:,} processes, {size:.0f} bytes each ({time.perf_counter() - begin:.0f} s to have them)"
    )
    with space.scratch() as folder:
        _pages(space, database, folder, page_number=count * 9 // 10 // PAGE)
        _whole(space, database, folder)


# -- pages ---------------------------------------------------------------------------------------


def _pages(space: Workspace, database: Path, folder: Path, page_number: int) -> None:
    recipient = f"Recipient={dn(4711, PEOPLE)}"
    paths = {
        "first page of a definition": _path(filter=MOST_USED),
        f"page {page_number} of a definition": _path(filter=MOST_USED, cursor=_cursor(database, page_number)),
        "first page of a recipient": _path(filter=recipient),
        "first page of what runs": _path(filter="ProcessStatus=Running"),
        "first page without a filter": _path(),
    }
    walk = b"\0".join(request("GET", _path(filter=MOST_USED, cursor=each), HEADERS) for each in _walk(database))
    rows, figures = folder / "rows.json", defaultdict(list)
    with placet(database, folder) as server:
        rows.write_bytes(_fetch(server, paths["first page of a definition"]))
        assert len(json.loads(rows.read_bytes())) == PAGE
        assert len(json.loads(_fetch(server, paths[f"page {page_number} of a definition"]))) == PAGE
        with bare(folder, rows) as yardstick:
            for _ in range(space.repeats):
                ready = run_load(yardstick.port, request("GET", "/rows"), 1, space.seconds / 3).p50
                figures["ready rows"].append(ready)
                for name, path in paths.items():
                    latency = run_load(server.port, request("GET", path, HEADERS), 1, space.seconds / 3).p50
                    figures[name].append(latency / ready)
                latency = run_load(server.port, walk, 1, space.seconds / 3).p50
                figures["pages of a definition that were not read before"].append(latency / ready)
    space.report.add(Result(f"bare handler, {PAGE} ready rows", figures.pop("ready rows"), "ms"))
    for number, (name, ratios) in enumerate(figures.items()):
        space.report.add(Result(f"{name} / ready rows", ratios, "×", limit=3 if number < INDEXED else None))


def _path(**query: str) -> str:
    return f"/v1/wf/processes?{urlencode({'limit': str(PAGE)} | query)}"


def _cursor(database: Path, page_number: int) -> str:
    """Where the page before ended, without walking there."""
    connection = sqlite3.connect(database)
    sql = "SELECT lower(hex(id)) FROM process WHERE definition = 1 ORDER BY id DESC LIMIT 1 OFFSET ?"
    (last,) = connection.execute(sql, ((page_number - 1) * PAGE - 1,)).fetchone()
    connection.close()
    return encode_cursor((last,))


def _walk(database: Path) -> list[str]:
    """Where pages end, from the first one on: more than are read in the time that is measured."""
    connection = sqlite3.connect(database)
    sql = "SELECT lower(hex(id)) FROM process WHERE definition = 1 ORDER BY id DESC LIMIT ?"
    ids = [id_ for (id_,) in connection.execute(sql, (PAGE * WALKED,))]
    connection.close()
    return [encode_cursor((id_,)) for id_ in ids[PAGE - 1 :: PAGE]]


def _fetch(server: Server, path: str) -> bytes:
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=HEADERS)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        body: bytes = answer.read()
        return body


# -- the whole collection ------------------------------------------------------------------------


def _whole(space: Workspace, database: Path, folder: Path) -> None:
    figures = defaultdict(list)
    shell = shutil.which("sqlite3")
    if shell is None:
        space.report.remark("There is no sqlite3 (Debian's package sqlite3), so that streaming has no yardstick.")
    for _ in range(space.repeats):
        with placet(database, folder) as server:
            _fetch(server, _path())  # what every server holds after its first request
            streamed, grown = stream(server)
        figures["seconds"].append(streamed)
        figures["memory"].append(grown)
        if shell:
            for name, sql in (("stored", STORED), ("named", NAMED)):
                figures[name].append(_by_shell(shell, database, sql))
    space.report.add(Result("the whole collection over HTTP", figures["seconds"], "s"))
    if shell:
        stored, named = (
            [a / b for a, b in zip(figures["seconds"], figures[of], strict=True)] for of in ("stored", "named")
        )
        space.report.add(
            Result("sqlite3 -json, names as numbers", figures["stored"], "s"),
            Result("sqlite3 -json, names looked up", figures["named"], "s"),
            Result("whole collection / sqlite3, as stored", stored, "×"),
            Result("whole collection / sqlite3, same columns", named, "×", limit=3),
        )
    space.report.add(Result("memory that streaming takes", figures["memory"], "MiB", limit=60))


def _ratios(values: list[float], of: list[float]) -> list[float]:
    return [a / b for a, b in zip(values, of, strict=True)]


def stream(server: Server) -> tuple[float, float]:
    """Seconds to the last byte, and how many MiB the server grew at most."""
    before = memory(server.pid)
    forget_peak(server.pid)
    core = () if CORES.client is None else (CORES.client,)
    printed = python("drain.py", server.port, *core, given=request("GET", "/v1/wf/processes", HEADERS).decode())
    return json.loads(printed)["seconds"], memory(server.pid, "VmHWM") - before


def _by_shell(shell: str, database: Path, sql: str) -> float:
    """Seconds that SQLite's own shell takes to write the same rows as JSON into a pipe that is read at once."""
    begin = time.perf_counter()
    command = [shell, "-json", "-readonly", str(database), sql]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=lambda: pin(CORES.server))
    assert child.stdout is not None
    while child.stdout.read1(1 << 20):
        pass
    assert child.wait() == 0
    return time.perf_counter() - begin
