"""Making tables keeps nobody waiting, and a database without them says what to do."""

from __future__ import annotations

import asyncio
import re
import secrets
import threading
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from sqlalchemy import text

from placet import ManualClock
from placet.errors import Conflict, InvalidInput, Unavailable
from placet.store.database import opened
from placet.store.migrate import migrate, newest, require_newest
from tests.store.harness import an_engine


async def test_a_file_is_migrated_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """PostgreSQL does it elsewhere anyway; Alembic on a file would hold the loop for as long as it takes."""
    upgrade, threads = command.upgrade, []

    def replaced(*args: Any) -> None:
        threads.append(threading.current_thread())
        upgrade(*args)

    monkeypatch.setattr(command, "upgrade", replaced)
    async with opened(f"sqlite:///{tmp_path}/placet.db") as database:
        await migrate(database)
        await require_newest(database)

    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_several_databases_at_once(empty_database_url: str, tmp_path: Path):
    urls = [empty_database_url, *(f"sqlite:///{tmp_path}/{number}.db" for number in range(4))]

    async def one(url: str) -> str:
        async with opened(url) as database:
            return (await migrate(database)).after

    assert await asyncio.gather(*map(one, urls)) == [newest()] * 5


async def test_a_table_that_is_not_there(database_url: str, clock: ManualClock):
    async with an_engine(database_url, clock) as engine:
        await engine.store.write(lambda tx: tx.exec_driver_sql("DROP TABLE work_item"))

        for ask in (engine.as_system().work_items(), engine.as_system().start("Ask", initiator="anna")):
            with pytest.raises(Unavailable, match=r"work_item.*run `placet migrate`"):
                await ask


async def test_a_database_with_something_else_in_it_is_refused(empty_database_url: str):
    async with opened(empty_database_url) as database:
        writer = await database.connect_writer()
        await writer.begin()
        await writer.run(lambda tx: tx.execute(text("CREATE TABLE process (n int)")))
        await writer.commit()
        await writer.close()
        with pytest.raises(
            Conflict, match=r"in the way \(.*process.* already exists\); give Placet a database of its own"
        ):
            await migrate(database)


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
async def test_a_database_that_cannot_keep_every_text_is_refused(empty_database_url: str):
    address, _, name = empty_database_url.rpartition("/")
    owner = await asyncpg.connect(f"{address}/postgres")
    try:
        await owner.execute(f'CREATE DATABASE "{name}_ascii" TEMPLATE template0 ENCODING SQL_ASCII LOCALE "C"')
        async with opened(f"{empty_database_url}_ascii") as database:
            with pytest.raises(InvalidInput, match=r"keeps texts as SQL_ASCII.*ENCODING 'UTF8'"):
                await migrate(database)
    finally:
        await owner.execute(f'DROP DATABASE IF EXISTS "{name}_ascii" WITH (FORCE)')
        await owner.close()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
async def test_a_role_that_may_make_no_tables_or_no_schema_is_told_what_it_lacks(empty_database_url: str):
    name = f"poor_{secrets.token_hex(4)}"
    url = re.sub("//[^@]*@", f"//{name}@", empty_database_url)
    owner = await asyncpg.connect(empty_database_url)
    try:
        for rights in (f"CREATE ROLE {name} LOGIN", f"GRANT ALL ON SCHEMA public TO {name}"):
            await owner.execute(rights)
            async with opened(url) as database:
                with pytest.raises(Unavailable, match=r"may not do this .*a role that owns the database"):
                    await migrate(database)
    finally:
        await owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        await owner.close()
