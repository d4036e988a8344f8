"""The cost of rights: a page of a million processes for people who may see some of them, beside the administrator's."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import defaultdict
from pathlib import Path

from bars import Result
from fill import PEOPLE, Kind, copy
from load import request, run_load
from population import PASSWORD, dn, sign_in, user_name
from servers import ADMIN_PASSWORD, placet
from workspace import Workspace

from placet import Engine
from placet.store.people import ACTIVE, INACTIVE, set_status
from placet.store.world import World

USERS, ROLES, GROUPS = 100_000, 10_000, 5
FEW, MANY = 4_711, 4_712  # the people who are measured: one sees 1,000 processes, the other half of them
SEEN_BY_FEW = 1_000
PAGE = "/v1/wf/processes?limit=100"


def run(space: Workspace) -> None:
    count = 100_000 if space.quick else 1_000_000
    with space.scratch() as folder:
        database = copy(Kind(count), folder / "rights.db")
        begin = time.perf_counter()
        asyncio.run(_load_people(f"sqlite:///{database}", folder, space.quick))
        space.report.remark(f"people and roles loaded in {time.perf_counter() - begin:.0f} s")
        asyncio.run(_look_at_people(space, f"sqlite:///{database}"))
        _hand_out(database, count)
        asyncio.run(_settle(f"sqlite:///{database}"))
        _measure(space, database, folder)


async def _load_people(url: str, folder: Path, quick: bool) -> None:
    """People of the population and as many more, each with one of very many roles; the two have passwords."""
    users, roles = (USERS // 10, ROLES // 10) if quick else (USERS, ROLES)
    names = [user_name(number, PEOPLE) if number < PEOPLE else f"more{number:06d}" for number in range(users)]
    codes = [f"BENCHMARK_{number:05d}" for number in range(roles)]
    document = {
        "roles": [{"rol_code": code, "rol_name": code} for code in codes],
        "role_permissions": {code: ["PM_LOGIN", "PM_CASES"] for code in codes},
        "groups": [{"grp_title": f"G{number}"} for number in range(GROUPS)],
        "users": [{"usr_username": name, "role": codes[n % roles]} for n, name in enumerate(names)],
    }
    for number in (FEW, MANY):
        document["users"][number]["password"] = PASSWORD
    document["users"][MANY]["groups"] = [f"G{number}" for number in range(GROUPS)]
    path = folder / "many.json"
    path.write_text(json.dumps(document))
    async with Engine(url, run_jobs=False) as engine:
        await engine.as_system().load_people(path)


async def _look_at_people(space: Workspace, url: str) -> None:
    """How long it takes to read everybody, and to look again after one of them has changed."""
    first, again = [], []
    async with Engine(url, run_jobs=False) as engine:
        for number in range(space.repeats):
            world = World(engine.clock)
            begin = time.perf_counter()
            await engine.store.read(world.refresh)
            first.append(time.perf_counter() - begin)
            uid, status = world.directory.person(user_name(0, PEOPLE)).id, (INACTIVE, ACTIVE)[number % 2]
            await engine.store.write(lambda tx, uid=uid, status=status: set_status(tx, uid, status))
            begin = time.perf_counter()
            await engine.store.read(world.refresh)
            again.append(1000 * (time.perf_counter() - begin))
    space.report.add(Result("all people read for the first time", first, "s"))
    space.report.add(Result("people read again after one change", again, "ms"))


def _hand_out(database: Path, count: int) -> None:
    """Ask groups for half of all items, and make one person the recipient of so many that he sees a thousand."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    for number in range(GROUPS):
        group = f"cn=g{number},ou=groups,o=placet"
        connection.execute("INSERT OR IGNORE INTO name (folded, dn) VALUES (?, ?)", (group, group))
        asked = "UPDATE work_item SET addressee = (SELECT id FROM name WHERE folded = ?) WHERE process_id IN "
        every = "(SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM process) WHERE n % 10 = ?)"
        connection.execute(asked + every, (group, 2 * number))
    few = "(SELECT id FROM name WHERE folded = ?)"
    own = connection.execute(
        f"SELECT count(*) FROM process WHERE initiator = {few} OR recipient = {few}", (dn(FEW, PEOPLE),) * 2
    ).fetchone()[0]
    step = count // max(1, SEEN_BY_FEW - own)
    given = f"UPDATE process SET recipient = {few} WHERE id IN "
    every = "(SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM process) WHERE n % ? = 1)"
    connection.execute(given + every, (dn(FEW, PEOPLE), step))
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


async def _settle(url: str) -> None:
    """Let the engine look after the items of everybody who was loaded, as it does once."""
    async with Engine(url) as engine:
        await engine.settled()


def _measure(space: Workspace, database: Path, folder: Path) -> None:
    headers = {
        "administrator": sign_in("admin", ADMIN_PASSWORD),
        "one who sees a thousand": sign_in(user_name(FEW, PEOPLE)),
        "one who sees half": sign_in(user_name(MANY, PEOPLE)),
    }
    figures = defaultdict(list)
    with placet(database, folder) as server:
        asked = {who: request("GET", PAGE, each | {"Accept": "application/json"}) for who, each in headers.items()}
        for _ in range(space.repeats):
            for who, each in asked.items():
                figures[who].append(run_load(server.port, each, 1, space.seconds / 3).p50)
    administrator = figures.pop("administrator")
    space.report.add(Result("a page of 100 for the administrator", administrator, "ms"))
    for who, latencies in figures.items():
        ratios = [one / other for one, other in zip(latencies, administrator, strict=True)]
        space.report.add(Result(f"a page for {who} / the administrator's", ratios, "×", limit=1.5))
