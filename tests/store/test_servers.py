"""Where PostgreSQL is: addresses of several servers, and connections to the one of them that takes writes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from placet.errors import InvalidInput, Unavailable
from placet.store.database import liveness, opened, postgres
from placet.store.database.postgres import connect_apart
from placet.store.database.servers import Servers, address
from placet.store.migrate import migrate
from placet.store.queue_driver import Reconnecting
from tests.postgres import Databases, free_port
from tests.store.harness import an_engine

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def places(url: str) -> Any:
    """The hosts and ports that the driver is asked for."""
    found = address(url)
    _, given = found.get_dialect()().create_connect_args(found)
    return given.get("host"), given.get("port")


# -- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@one/db", ("one", None)),
        ("postgres://u:p@one:5433/db", ("one", 5433)),
        ("postgresql:///db", (None, None)),
        ("postgresql://u:p,%40@one:1,two:2/db?target_session_attrs=read-write", (["one", "two"], [1, 2])),
        ("postgresql://one,two:2,three/db", (["one", "two", "three"], [5432, 2, 5432])),
        ("postgresql://u@[::1]:1,127.0.0.1:2,[fe80::1]/db", (["::1", "127.0.0.1", "fe80::1"], [1, 2, 5432])),
        ("postgresql://u:p@/db?host=one:1&host=two:2", (["one", "two"], [1, 2])),
        ("postgresql://u:p@/db?host=one,two&port=1,2&target_session_attrs=primary", (["one", "two"], [1, 2])),
    ],
)
def test_where_an_address_leads(url: str, expected: Any):
    assert places(url) == expected


def test_the_rest_of_an_address_stays_as_it_is():
    found = address("postgresql://anna:p%40ss@one:1,two:2/placet?sslmode=require")
    assert (found.username, found.password, found.database) == ("anna", "p@ss", "placet")
    assert found.query["sslmode"] == "require"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@one:65536/db",
        "postgresql://u:secret@one:1,two:0/db",
        "postgresql://u:secret@one:x/db",
        "postgresql://u:secret@one:x,two:2/db",
        "postgresql://u:secret@one,,two/db",
    ],
)
def test_what_is_no_address_is_told_without_the_password(url: str):
    with pytest.raises(InvalidInput, match=r"is no address of a database; write postgresql://") as refused:
        address(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("target_session_attrs=any", r"target_session_attrs is 'any' .* read-write or primary"),  # a standby alone
        ("sslmode=yes", r"sslmode is 'yes' .* disable, .* verify-ca or verify-full"),
        (
            "password=secret&timeout=1",
            r"ends in 'timeout', which is nothing that can be said there; what can is .*sslmode",
        ),
        ("ssl=secret", r"ends in 'ssl', "),
    ],
)
def test_what_an_address_may_not_end_in_is_refused(end: str, said: str):
    with pytest.raises(InvalidInput, match=said) as refused:
        address(f"postgresql://one,two/db?{end}")
    assert "secret" not in str(refused.value)


# -- secured connections ---------------------------------------------------------------------------


@on_postgresql
async def test_whether_a_connection_is_to_be_secured_is_said_in_the_address(database_url: str):
    for mode in ("disable", "prefer"):
        async with opened(f"{database_url}?sslmode={mode}") as database:
            assert await database.read(lambda tx: tx.scalar(text("SELECT 1"))) == 1
    async with opened(f"{database_url}?sslmode=require") as database:
        with pytest.raises(Unavailable, match=r"cannot be reached \(.*SSL.*\)"):  # this server has no certificate
            await database.read(lambda tx: tx.scalar(text("SELECT 1")))


@on_postgresql
async def test_whose_certificate_is_asked_for_is_said_in_the_address(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(InvalidInput, match=r"sslrootcert is '.*ca.pem' .* no such file"):
        address(f"{database_url}?sslmode=verify-full&sslrootcert={tmp_path}/ca.pem")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with opened(f"{database_url}?sslmode=verify-full") as database:
        with pytest.raises(InvalidInput, match=r"address of the database cannot be used: .*root\.crt"):
            await database.read(lambda tx: tx.scalar(text("SELECT 1")))


# -- who is not let in -----------------------------------------------------------------------------


@on_postgresql
@pytest.mark.parametrize(
    ("where", "said"),
    [
        (r"//nobody@\g<1>/postgres", r"does not let this engine in \(role \"nobody\" .*\); database_url has to name"),
        (
            r"//postgres@\g<1>/nowhere",
            r"does not let this engine in \(database \"nowhere\" .*\); database_url has to name",
        ),
        (r"//postgres@127.0.0.1:1/postgres", r"cannot be reached \(.*\); try again in a moment, and see that it runs"),
        (
            r"//postgres@nowhere.invalid/postgres",
            r"cannot be reached \(.*\); try again in a moment, and see that it runs",
        ),
    ],
)
async def test_who_is_not_let_in_is_told_what_to_look_at(database_url: str, where: str, said: str):
    async with opened(re.sub(r"//[^@]*@([^/]*)/.*", where, database_url)) as database:
        with pytest.raises(Unavailable, match=said):
            await migrate(database)


@on_postgresql
async def test_a_server_that_takes_no_writes_is_told_of(database_url: str):
    async with opened(database_url) as database:
        with pytest.raises(Unavailable, match=r"takes no writes \(.*\): it is a standby, or is to be read only"):
            await database.read(take_no_writes)


def take_no_writes(tx: Connection) -> None:
    tx.execute(text("SET TRANSACTION READ ONLY"))
    tx.execute(text("CREATE TABLE one (n int)"))


# -- connections -----------------------------------------------------------------------------------


@asynccontextmanager
async def no_database(*, answers: bool) -> AsyncIterator[tuple[int, list[Any]]]:
    """The port of a server that hangs up, or says nothing at all, and who has come there."""
    came: list[asyncio.StreamWriter] = []

    async def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        if answers:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], came
    finally:
        server.close()
        for writer in came:
            writer.transport.abort()


@pytest.fixture
def only_read(databases: Databases) -> Iterator[str]:
    """A database whose new sessions take no writes, as those of a standby."""
    url = databases.create("only_read")
    databases._runner.run(
        databases._connection.execute("ALTER DATABASE only_read SET default_transaction_read_only = on")
    )
    yield url
    databases.drop("only_read")


@pytest.mark.parametrize("answers", [True, False])
async def test_the_next_is_asked_where_one_does_not_answer(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, answers: bool
):
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 1.0)
    async with no_database(answers=answers) as (port, _):
        there = databases.address.rpartition("@")[2]
        connection = await connect_apart(f"postgresql://postgres@127.0.0.1:{port},{there}/postgres")
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


async def test_it_begins_with_the_one_that_took_writes_last(databases: Databases):
    async with no_database(answers=True) as (port, came):
        known = Servers()
        for _ in range(2):
            connection = await known.connect(
                host=["127.0.0.1"] * 2,
                port=[port, int(databases.address.rpartition(":")[2])],
                user="postgres",
                database="postgres",
            )
            await connection.close()
        first = len(came)
    assert first == 1


async def test_where_none_takes_writes_it_is_told_of_each(only_read: str):
    nobody, there = free_port(), only_read.rpartition("@")[2]
    url = f"postgresql://postgres@127.0.0.1:{nobody},{there}"

    with pytest.raises(
        ConnectionError, match=rf"127.0.0.1:{nobody}: .*; {there.partition('/')[0]}: it takes no writes"
    ):
        await connect_apart(url)
    async with opened(url) as database:
        with pytest.raises(Unavailable, match="no server takes writes"):
            await database.read(lambda tx: tx.scalar(text("SELECT 1")))
    async with opened(f"{only_read}?target_session_attrs=read-write") as database:
        with pytest.raises(Unavailable, match="it takes no writes at present"):
            await database.read(lambda tx: tx.scalar(text("SELECT 1")))


# -- a server that takes writes no more --------------------------------------------------------------

_READ_ONLY = "SET default_transaction_read_only = on"


@on_postgresql
async def test_a_session_that_takes_no_writes_is_left_and_so_are_all_others(database_url: str, clock: Any):
    async with an_engine(database_url, clock) as engine:
        whose = text("SELECT pg_backend_pid()")
        reader = await engine.store.read(lambda tx: tx.scalar(whose))
        writer = await engine.store.write(lambda tx: tx.scalar(whose))
        await engine.store.write(lambda tx: tx.execute(text(_READ_ONLY)))

        await engine.store.write(lambda tx: tx.execute(text("CREATE TABLE there (id integer)")))

        assert await engine.store.write(lambda tx: tx.scalar(whose)) != writer
        assert await engine.store.read(lambda tx: tx.scalar(whose)) != reader


@on_postgresql
async def test_a_lock_where_nobody_writes_is_none(database_url: str):
    lock = liveness(database_url, "", "a")
    try:
        assert await lock.take()
        session = lock._session  # type: ignore[attr-defined]  # of the one that is there on PostgreSQL
        assert session.takes_writes
        await session.execute(_READ_ONLY)  # as a primary that is one no more
        assert not session.takes_writes
        assert not await lock.is_held()
        assert await lock.take()
        assert await lock.is_held()
    finally:
        await lock.release()


@on_postgresql
async def test_the_queue_is_not_read_where_nobody_writes(database_url: str):
    queue = Reconnecting(database_url)
    try:
        whose = "SELECT pg_backend_pid() AS pid"
        [before] = await queue.fetch(whose)
        await queue.execute(_READ_ONLY)
        [after] = await queue.fetch(whose)
        assert after["pid"] != before["pid"]
    finally:
        await queue.close()
