"""PgBouncer in transaction mode between engines and PostgreSQL: all works, and no session keeps what one was told."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from placet import Engine, ManualClock
from placet.directory.caller import Caller
from placet.engine import migrate_database
from placet.errors import Conflict, InvalidInput
from placet.store import counters
from placet.store.database import liveness, opened, postgres
from placet.webhooks.records import Wanted
from tests.crash import pooler as pgbouncer
from tests.crash.callers import CLERKS
from tests.crash.invariants import broken, stored
from tests.crash.pooler import CONFIGURATION, Pooler, find_pgbouncer, pooled
from tests.crash.proxy import CUTS, Proxy, proxied
from tests.crash.test_connections import TERMINATE
from tests.crash.test_takeover import SETTINGS, connect
from tests.fault_server import FaultServer
from tests.postgres import ProgramsMissing

pytestmark = pytest.mark.parametrize("durable_database_url", ["postgresql"], indirect=True)

#: What an engine asks of its sessions; PgBouncer may be told to let it ask.
IGNORED = "jit,statement_timeout,tcp_keepalives_idle,tcp_keepalives_interval,tcp_keepalives_count"
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
TOLD = ", ".join(f"current_setting('{name}')" for name in LIMITS)
HELD = "UPDATE counter SET value = value + 1 WHERE name = 'held'"


@pytest.fixture(autouse=True)
def program() -> None:
    """PgBouncer has to be there; only who may not install anything goes without."""
    try:
        find_pgbouncer()
    except ProgramsMissing as missing:
        if not _may_install():
            pytest.skip(f"left out: {missing} This user may not.")
        raise


def _may_install() -> bool:
    sudo = shutil.which("sudo")
    return os.geteuid() == 0 or (
        sudo is not None and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    )


@pytest.fixture
async def pooler(durable_database_url: str) -> AsyncIterator[Pooler]:
    async with pooled(durable_database_url) as pooler:
        yield pooler


@asynccontextmanager
async def a_node(pooler: Pooler, engine_id: str = "one", **more: Any) -> AsyncIterator[Engine]:
    async with Engine(settings=pooler.settings(SETTINGS, engine_id=engine_id), **more) as engine:
        yield engine


# -- everything goes by it -----------------------------------------------------------------------------


async def test_two_nodes_do_all_their_work_on_two_sessions(
    pooler: Pooler, empty_folder: Path, people_file: Path, clock: ManualClock
):
    assert (await migrate_database(pooler.url, pooler.direct_url)).before is None
    definitions = empty_folder / "definitions"
    async with (
        FaultServer() as service,
        a_node(pooler, "one", definitions=definitions, clock=clock) as one,
        a_node(pooler, "two", definitions=definitions, clock=clock) as two,
    ):
        service.release.set()
        await one.as_system().load_people(people_file)
        await connect(one, service)
        system = Caller(None, two.directory, clock.now())
        wanted = Wanted(name="Theirs", url=service.url("/ok"), events=("process.completed",))
        await two.webhooks.add(system, wanted)

        starts = [
            (one, two)[number % 2].as_system().start(name, initiator="carla", data=data)
            for number in range(16)
            for name, data in (("Request", {"number": number}), ("Rested", {}), ("Book", {}), ("Parent", {}))
        ]
        ids = [(await start).process.id for start in asyncio.as_completed(starts)]
        found = await stored(pooler.direct_url)
        asked = [id_ for id_ in ids if found.items.get(id_)]
        answers = [
            engine.act(f"{id_[:28]}0001", "approve", actor=clerk)
            for id_ in asked
            for engine, clerk in zip((two, one), CLERKS, strict=True)
        ]
        given = await asyncio.gather(*answers, return_exceptions=True)
        clock.move(days=1, hours=1)
        for engine in (one, two, one):
            await engine.settled()

        found = await stored(pooler.direct_url)
        told = await first_events(two, sum(map(len, found.events.values())))
        assert [node.status.value for node in await two.as_system().nodes()] == ["Running", "Running"]

    assert broken(found) == []
    assert len(asked) == 16
    assert [type(answer) for answer in given if isinstance(answer, Exception)] == [Conflict] * 16
    assert [row for row in found.processes.values() if row.completed_at is None] == []
    assert told == {(id_, event.number) for id_, events in found.events.items() for event in events}
    assert len(service.seen("/held")) == 16
    completed = {f"{id_}-{found.kinds(id_, 'process.completed')[0].number}" for id_ in found.processes}
    assert {request.headers["placet-event-id"] for request in service.seen("/ok")} == completed
    assert pooler.most_sessions() == 2
    assert pooler.clients() > 8


async def first_events(engine: Engine, count: int) -> set[tuple[str, int]]:
    """The process and number of so many events, from the first on."""
    found: set[tuple[str, int]] = set()
    async with asyncio.timeout(20), aclosing(engine.as_system().events("0-0")) as events:
        async for _, event in events:
            found.add((event.process_id, event.number))
            if len(found) == count:
                break
    return found


# -- what a session is told ----------------------------------------------------------------------------


async def test_no_session_keeps_what_a_transaction_was_told(pooler: Pooler):
    async with a_node(pooler, run_jobs=False) as engine, opened(pooler.url, pooler.direct_url) as other:
        written = await engine.store.write(lambda tx: tx.exec_driver_sql(f"SELECT {TOLD}").one())
        patient = await other.connect_writer(patient=True)
        await patient.begin()
        kept = await patient.run(lambda tx: tx.exec_driver_sql(f"SELECT {TOLD}").one())
        await patient.rollback()
        await patient.close()

    assert tuple(written) == ("30s", "1s", "1500ms")
    assert tuple(kept) == ("0", "0", "0")


@pytest.mark.timeout(30)
async def test_a_node_that_stops_in_the_middle_of_a_batch_gives_its_rows_back(pooler: Pooler):
    async with a_node(pooler, run_jobs=False) as engine, opened(pooler.url, pooler.direct_url) as stopped:
        await engine.store.write(lambda tx: tx.exec_driver_sql("INSERT INTO counter VALUES ('held', 0)"))
        holder = await stopped.connect_writer()
        await holder.begin()
        await holder.run(lambda tx: tx.exec_driver_sql(HELD))  # and is heard of no more

        await engine.store.write(lambda tx: tx.exec_driver_sql(HELD))

        value = await engine.store.read(lambda tx: counters.value(tx, "held"))
        await holder.rollback()
        await holder.close()
    assert value == 1


# -- connections that are lost -------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have connections wait a second or so for what they wait for half a minute."""
    for what, seconds in {"WRITE_SECONDS": 1.0, "READ_SECONDS": 1.0, "GRACE_SECONDS": 0.25}.items():
        monkeypatch.setattr(postgres, what, seconds)


@asynccontextmanager
async def cuttable(direct_url: str, where: str) -> AsyncIterator[tuple[Pooler, Proxy]]:
    """A pooler, and the wire between it and the engine, or between it and the server."""
    if where == "before the pooler":
        async with pooled(direct_url) as pooler, proxied(pooler.url) as (url, proxy):
            yield Pooler(url, direct_url, pooler.log_file), proxy
    else:
        async with proxied(direct_url) as (url, proxy), pooled(url) as pooler:
            yield Pooler(pooler.url, direct_url, pooler.log_file), proxy


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("where", ["before the pooler", "behind the pooler"])
@pytest.mark.parametrize("cut", CUTS)
async def test_a_commit_that_is_lost_happens_once(
    durable_database_url: str, empty_folder: Path, people_file: Path, cut: str, where: str
):
    async with (
        cuttable(durable_database_url, where) as (pooler, proxy),
        a_node(pooler, definitions=empty_folder / "definitions", run_jobs=False) as engine,
    ):
        await engine.as_system().load_people(people_file)
        proxy.cut, proxy.left = cut, 1
        starts = [engine.as_system().start("Request", initiator="carla", data={"number": n}) for n in range(8)]
        ids = [started.process.id for started in await asyncio.gather(*starts)]
        assert proxy.left == 0

    found = await stored(durable_database_url)
    assert broken(found) == []
    assert set(found.processes) == set(ids)


async def test_sessions_that_are_ended_between_two_commands_are_replaced(
    pooler: Pooler, empty_folder: Path, people_file: Path
):
    administrator = await asyncpg.connect(pooler.direct_url)
    async with a_node(pooler, definitions=empty_folder / "definitions", run_jobs=False) as engine:
        await engine.as_system().load_people(people_file)
        for number in range(6):
            assert await administrator.fetchval(TERMINATE)
            await engine.as_system().start("Request", initiator="carla", data={"number": number})
            assert await administrator.fetchval(TERMINATE)
            await engine.as_system().processes()
    await administrator.close()
    found = await stored(pooler.direct_url)
    assert broken(found) == []
    assert len(found.processes) == 6


async def test_connections_that_are_lost_between_two_commands_are_replaced(
    durable_database_url: str, empty_folder: Path, people_file: Path
):
    async with (
        cuttable(durable_database_url, "before the pooler") as (pooler, proxy),
        a_node(pooler, definitions=empty_folder / "definitions", run_jobs=False) as engine,
    ):
        await engine.as_system().load_people(people_file)
        for number in range(6):
            proxy.hang_up()
            await engine.as_system().start("Request", initiator="carla", data={"number": number})
            proxy.hang_up()
            assert len(await engine.as_system().processes()) == number + 1


# -- addresses that lead to the wrong place ------------------------------------------------------------


async def test_a_pooler_without_a_direct_url_is_refused(pooler: Pooler):
    with pytest.raises(InvalidInput, match=r"database_url leads to a pooler .* set database_direct_url"):
        await migrate_database(pooler.url)


@pytest.mark.parametrize("is_direct", [True, False])
async def test_no_lock_is_taken_through_a_pooler_that_ignores_what_it_is_asked(
    durable_database_url: str, monkeypatch: pytest.MonkeyPatch, is_direct: bool
):
    monkeypatch.setattr(pgbouncer, "CONFIGURATION", f"{CONFIGURATION}ignore_startup_parameters = {IGNORED}\n")
    async with pooled(durable_database_url) as pooler:
        direct_url = pooler.url if is_direct else ""
        lock = liveness(durable_database_url if is_direct else pooler.url, direct_url, "one")
        with pytest.raises(InvalidInput, match="to others: set database_direct_url to the address of PostgreSQL"):
            await lock.take()
