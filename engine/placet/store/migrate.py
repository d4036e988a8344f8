"""Bringing a database's tables up to date: one history for both kinds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from placet.errors import Conflict
from placet.store.database import Database

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_022_608  # any fixed number: the name of our advisory lock


@dataclass(frozen=True, slots=True)
class Migrated:
    """The revision before (None: the database was empty) and after."""

    before: str | None
    after: str


def newest() -> str:
    """The revision that this release works with."""
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    assert head is not None
    return head


async def revision(database: Database) -> str | None:
    """The revision of a database, None where it has no tables of ours."""
    return await database.read(_revision)


def _revision(tx: Connection) -> str | None:
    if "alembic_version" not in inspect(tx).get_table_names():
        return None
    return MigrationContext.configure(tx).get_current_revision()


async def migrate(database: Database) -> Migrated:
    """Make or update the tables, in one transaction; two programs at once do it one after the other."""
    writer = await database.connect_writer()
    try:
        await writer.begin()
        try:
            migrated = await writer.run(_upgrade)
        except BaseException:
            await writer.rollback()
            raise
        await writer.commit()
        return migrated
    finally:
        await writer.close()


async def require_newest(database: Database) -> None:
    """Refuse a database whose tables are of another release, or not there at all."""
    found, wanted = await revision(database), newest()
    if found is None:
        raise Conflict("The database is empty; run `placet migrate` to make its tables.")
    if found != wanted:
        raise Conflict(f"The database is at revision {found} and this release needs {wanted}; run `placet migrate`.")


def _upgrade(tx: Connection) -> Migrated:
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before, after = _revision(tx), newest()
    if before != after:
        config = Config()
        config.set_main_option("script_location", str(_FOLDER))
        config.attributes["connection"] = tx
        command.upgrade(config, "head")
    return Migrated(before, after)
