"""The migrations make the tables that the code expects, on both databases, however often they are run."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from placet.engine import Engine
from placet.errors import Conflict, NotFound
from placet.store import audit
from placet.store.database import opened
from placet.store.migrate import migrate, newest, require_newest, revision
from placet.store.tables import metadata
from tests.builders import NINE


def test_the_newest_revision_is_the_one_that_alembic_migrates_to():
    assert newest() == ScriptDirectory("engine/placet/store/migrations").get_current_head()


async def test_the_migrations_make_what_the_tables_say(database_url):
    def differences(tx):
        return compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata)

    async with opened(database_url) as database:
        found = await database.read(differences)
    if database_url.startswith("sqlite"):  # an index for PostgreSQL alone
        found = [each for each in found if each[1].name != "ix_event_resume"]
    assert found == []


async def test_migrated_and_created_tables_are_the_same_to_the_letter(empty_database_url):
    """Alembic does not compare the conditions of partial indexes, nor SQLite's tables without row numbers."""
    async with opened(empty_database_url) as database:
        await migrate(database)
        migrated = await database.read(_described)
        await _written(database, _made_anew)
        created = await database.read(_described)

    assert migrated.keys() == created.keys()
    for name, text in created.items():
        assert migrated[name] == text, name


def _made_anew(tx):
    metadata.drop_all(tx)
    metadata.create_all(tx)


def _described(tx):
    """Every column and every index of ours as the database itself tells it."""
    if tx.dialect.name == "sqlite":
        sql = (
            "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL "
            "AND name NOT LIKE 'alembic%'"
        )
        return {name: _without_spelling(text) for name, text in tx.exec_driver_sql(sql)}
    sql = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    described = dict(map(tuple, tx.exec_driver_sql(sql)))
    for table in metadata.tables:
        for column in inspect(tx).get_columns(table):
            name = f"{table}.{column['name']}"
            default = None if name == "event.tx" else column["default"]  # on PostgreSQL the writing transaction
            described[name] = f"{column['type']!r} {column['nullable']} {default}"
    return described


def _without_spelling(sql):
    """What SQLite keeps of a table as it was typed, also where a column was added to it later."""
    words = " ".join(sql.replace('"', "").replace("('')", "''").split())
    return words.replace(" ,", ",").replace(" )", ")")


# How each database is told to put other rows in the place of those that are there.
_REPLACING = {
    "sqlite": "INSERT OR REPLACE INTO audit (id, at, kind) SELECT id, at, 'other' FROM audit",
    "postgresql": "TRUNCATE audit",
}


@pytest.mark.parametrize("change", ["UPDATE audit SET kind = 'other'", "DELETE FROM audit", _REPLACING])
async def test_what_is_on_the_audit_trail_stays_there(database_url, change):
    if isinstance(change, dict):
        change = change[database_url.partition(":")[0].partition("+")[0]]
    async with opened(database_url) as database:
        await _written(database, lambda tx: audit.add(tx, at=NINE, kind="role.created", actor=None))

        with pytest.raises(DBAPIError, match="only ever added"):
            await _written(database, lambda tx: tx.exec_driver_sql(change))

        assert [entry.kind for entry in await database.read(audit.page)] == ["role.created"]


async def _written(database, work):
    connection = await database.connect_writer()
    try:
        await connection.begin()
        await connection.run(work)
        await connection.commit()
    finally:
        await connection.close()


async def test_only_the_first_run_does_anything(empty_database_url):
    async with opened(empty_database_url) as database:
        with pytest.raises((Conflict, NotFound), match="placet migrate"):
            await require_newest(database)

        first, second = await migrate(database), await migrate(database)

        assert (first.before, first.after, second.before) == (None, newest(), newest())
        await require_newest(database)


async def test_two_programs_migrate_at_once(empty_database_url):
    async with opened(empty_database_url) as one, opened(empty_database_url) as other:
        done = await asyncio.gather(migrate(one), migrate(other))

    assert {each.before for each in done} == {None, newest()}
    assert {each.after for each in done} == {newest()}


async def test_a_database_of_a_newer_release_is_left_alone(database_url):
    async with opened(database_url) as database:
        await _written(database, lambda tx: tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
        await _written(
            database, lambda tx: tx.exec_driver_sql("UPDATE counter SET value = 9999 WHERE name = 'works_from'")
        )

        for refused in (migrate, require_newest):
            with pytest.raises(Conflict, match="revision 9999"):
                await refused(database)
        with pytest.raises(Conflict, match="revision 9999"):
            await Engine(database_url).open()
        assert await revision(database) == "9999"


async def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url, monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError("in the middle")

    monkeypatch.setattr("alembic.op.create_index", fail)
    async with opened(empty_database_url) as database:
        with pytest.raises(RuntimeError, match="in the middle"):
            await migrate(database)
        assert await database.read(lambda tx: inspect(tx).get_table_names()) == []
        monkeypatch.undo()
        assert (await migrate(database)).before is None
