"""Connections to PostgreSQL that die, and the server itself: no command is lost, none is applied twice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.util import await_only

from placet import Engine
from placet.errors import Conflict, Unavailable
from placet.store import counters
from placet.store.database import postgres
from placet.store.lane import TRIES
from tests.crash import node
from tests.crash.callers import CLERKS, Ledger
from tests.crash.child import running
from tests.crash.definitions import REQUEST_ID
from tests.crash.invariants import broken, stored
from tests.crash.proxy import COMMIT, CUTS, NEW_PROCESSES, Proxy, proxied
from tests.crash.truth import check
from tests.postgres import Databases, Server, find_programs

CALLERS = 8
TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'placet' AND pid <> pg_backend_pid()
"""


# -- a connection that dies during COMMIT ------------------------------------------------------------


@pytest.fixture
def postgresql_url(durable_databases: Databases) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    yield durable_databases.create("connections")
    durable_databases.drop("connections")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have connections wait a second or so for what they wait for half a minute; a busy machine takes parts of one."""
    for what, seconds in {"WRITE_SECONDS": 1.0, "READ_SECONDS": 1.0, "GRACE_SECONDS": 0.25}.items():
        monkeypatch.setattr(postgres, what, seconds)
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 1.0)


@pytest.fixture
async def cuttable(postgresql_url: str, empty_folder: Path, people_file: Path) -> AsyncIterator[tuple[Engine, Proxy]]:
    """An engine with clerks and definitions, and the wire between it and its database."""
    async with (
        proxied(postgresql_url) as (url, proxy),
        Engine(url, definitions=empty_folder / "definitions", run_jobs=False) as engine,
    ):
        await engine.as_system().load_people(people_file)
        yield engine, proxy


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("key", ["once", None])
async def test_a_start_whose_commit_is_lost(
    cuttable: tuple[Engine, Proxy], postgresql_url: str, cut: str, key: str | None
):
    """One without a key reads nothing, so that its only statement is its commit as well."""
    engine, proxy = cuttable
    before = await engine.as_system().start("Request", initiator="carla", data={"number": 0})  # has read the world
    proxy.cut, proxy.left, proxy.until = cut, 1, NEW_PROCESSES if key is None else COMMIT

    started = await engine.as_system().start("Request", initiator="carla", data={"number": 1}, idempotency_key=key)

    assert proxy.left == 0
    if key is not None:
        again = await engine.as_system().start("Request", initiator="carla", data={"number": 1}, idempotency_key=key)
        assert again.process.id == started.process.id
    found = await stored(postgresql_url)
    assert broken(found) == []
    assert set(found.processes) == {before.process.id, started.process.id}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("cut", CUTS)
async def test_an_administrative_function_whose_commit_is_lost(cuttable: tuple[Engine, Proxy], cut: str):
    engine, proxy = cuttable
    for times in (1, 2):  # the mark of the one before it is no answer
        proxy.cut, proxy.left = cut, 1
        assert await engine.store.write(lambda tx: counters.bump(tx, "of this test")) == times
        assert proxy.left == 0

    assert await engine.store.read(lambda tx: counters.value(tx, "of this test")) == 2


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("cut", CUTS)
async def test_a_batch_whose_commit_is_lost(cuttable: tuple[Engine, Proxy], postgresql_url: str, cut: str):
    engine, proxy = cuttable
    ids = [
        (await engine.as_system().start("Request", initiator="carla", data={"number": n})).process.id for n in range(8)
    ]
    proxy.cut, proxy.left = cut, 1

    approvals = [engine.act(f"{id_[:28]}0001", "approve", actor=clerk) for id_ in ids for clerk in CLERKS]
    starts = [engine.as_system().start("Request", initiator="carla", data={"number": n}) for n in range(8, 12)]
    answers: list[Any] = await asyncio.gather(*approvals, *starts, return_exceptions=True)

    assert proxy.left == 0
    found = await stored(postgresql_url)
    assert broken(found) == []
    assert set(found.processes) == {*ids, *(started.process.id for started in answers[16:])}
    for id_, first, second in zip(ids, answers[0:16:2], answers[1:16:2], strict=True):
        assert found.clerk(found.items[id_][0].actor) == "carla"
        assert first.item.actor == "cn=carla,ou=users,o=placet"
        assert isinstance(second, Conflict)
        assert "approved by carla" in str(second).lower()


async def test_nobody_is_refused_for_what_did_not_happen(cuttable: tuple[Engine, Proxy], postgresql_url: str):
    engine, proxy = cuttable
    item_id = (
        f"{(await engine.as_system().start('Request', initiator='carla', data={'number': 1})).process.id[:28]}0001"
    )
    proxy.cut, proxy.left = "before COMMIT", TRIES

    answers = await asyncio.gather(
        engine.act(item_id, "approve", actor="carla"),
        engine.act(item_id, "deny", actor="dario"),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert (await stored(postgresql_url)).item(item_id).actor is None
    assert (await engine.act(item_id, "deny", actor="dario")).item.actor == "cn=dario,ou=users,o=placet"


async def test_a_session_that_was_ended_between_two_statements(cuttable: tuple[Engine, Proxy], postgresql_url: str):
    """The server says why it ends a session, and asyncpg has not heard the end yet when it is to send something."""
    engine, proxy = cuttable
    administrator = await asyncpg.connect(postgresql_url)
    proxy.hides_the_end = True
    ended: list[int] = []

    async def end(pid: int) -> None:
        await administrator.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        for _ in range(100):  # turns of the loop, in which the proxy forwards it and asyncpg reads it
            await asyncio.sleep(0)

    def work(tx: Connection) -> int:
        pid = int(tx.execute(text("SELECT pg_backend_pid()")).scalar_one())
        if not ended:
            ended.append(pid)
            await_only(end(pid))
        return int(tx.execute(text("SELECT pg_backend_pid()")).scalar_one())

    assert await engine.store.write(work) not in ended
    await administrator.close()


# -- a wire that swallows everything -----------------------------------------------------------------


@pytest.mark.timeout(20)
@pytest.mark.usefixtures("impatient")
async def test_connections_that_fall_silent_are_replaced(cuttable: tuple[Engine, Proxy], postgresql_url: str):
    engine, proxy = cuttable
    process_id = (await engine.as_system().start("Request", initiator="carla", data={"number": 1})).process.id

    proxy.fall_silent()
    starts = [engine.as_system().start("Request", initiator="carla", data={"number": n}) for n in range(2, 10)]
    started = await asyncio.gather(*starts)

    await asyncio.gather(*(engine.as_system().processes() for _ in range(8)))
    proxy.fall_silent()
    await engine.as_system().process(process_id)  # and none of the other seven is asked any more

    found = await stored(postgresql_url)
    assert broken(found) == []
    assert set(found.processes) == {process_id, *(each.process.id for each in started)}


@pytest.mark.timeout(20)
@pytest.mark.usefixtures("impatient")
async def test_a_wire_that_stays_silent_is_told(cuttable: tuple[Engine, Proxy], postgresql_url: str):
    engine, proxy = cuttable
    proxy.fall_silent(for_good=True)

    with pytest.raises(Unavailable, match="does not answer"):
        await engine.as_system().start("Request", initiator="carla", data={"number": 1})
    with pytest.raises(Unavailable, match="does not answer"):
        await engine.as_system().processes()

    proxy.is_silent = False
    started = await engine.as_system().start("Request", initiator="carla", data={"number": 1})
    assert [found.process.id for found in await engine.as_system().processes()] == [started.process.id]
    assert list((await stored(postgresql_url)).processes) == [started.process.id]


# -- connections and servers that are killed under load ----------------------------------------------


async def test_connections_that_were_terminated_between_two_commands_are_replaced(
    cuttable: tuple[Engine, Proxy], postgresql_url: str
):
    engine, _ = cuttable
    administrator = await asyncpg.connect(postgresql_url)
    for number in range(4):
        await asyncio.gather(*(engine.as_system().processes() for _ in range(8)))
        assert await administrator.fetchval(TERMINATE) > 2  # both writers and a reader
        if number % 2:
            await engine.as_system().start("Request", initiator="carla", data={"number": number})
        else:
            await asyncio.gather(*(engine.as_system().processes() for _ in range(8)))
    await administrator.close()
    assert broken(await stored(postgresql_url)) == []


async def test_connections_terminated_under_load(
    postgresql_url: str, empty_folder: Path, people_file: Path, rounds: int
):
    administrator = await asyncpg.connect(postgresql_url)
    async with under_load(postgresql_url, empty_folder, people_file) as ledger:
        for _ in range(3 * rounds):
            await ledger.more(40)
            assert await administrator.fetchval(TERMINATE) > 0
    await administrator.close()


async def test_the_server_restarts_under_load(empty_folder: Path, people_file: Path, rounds: int):
    server = Server(durable=True)
    try:
        url = f"{server.address}/postgres"
        async with under_load(url, empty_folder, people_file) as ledger:
            for _ in range(rounds // 2):
                await ledger.more(40)
                await restart(url)
        assert ledger.unavailable > 0
    finally:
        server.stop()


@asynccontextmanager
async def under_load(url: str, folder: Path, people_file: Path) -> AsyncIterator[Ledger]:
    """A server whose callers try again when they are told to; at the end of the block everything has been answered."""
    async with Engine(url, definitions=folder / "definitions", run_jobs=False) as engine:
        await engine.as_system().load_people(people_file)
    ledger = Ledger(REQUEST_ID, seed=2)
    async with running(node.serve, url, folder) as child:
        loading = asyncio.create_task(ledger.load(await child.address(), CALLERS))
        yield ledger
        await ledger.more(100)
        ledger.enough.set()
        await asyncio.wait_for(loading, 60)
        await child.stop()
    check(await stored(url), ledger, nothing_open=True)


async def restart(url: str) -> None:
    """Stop the server as a power cut would, and start it again on the same port."""
    connection = await asyncpg.connect(url)
    folder = Path(await connection.fetchval("SHOW data_directory"))
    await connection.close()
    owner = await asyncio.to_thread(folder.stat)
    command = [find_programs() / "pg_ctl", "restart", "--silent", "--mode=immediate", "--pgdata", folder]
    command += ["--log", folder.parent / "server.log"]
    who = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    restarting = await asyncio.create_subprocess_exec(*command, cwd=folder.parent, **who)
    assert await restarting.wait() == 0
