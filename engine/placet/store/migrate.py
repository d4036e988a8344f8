"""Bringing a database's tables up to date: one history for both kinds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from placet.errors import Conflict
from placet.store.database import Database, lock_migrations, translate

_FOLDER = Path(__file__).parent / "migrations"


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


def _known() -> set[str]:
    """Every revision that this release has a migration for."""
    return {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}


async def revision(database: Database) -> str | None:
    """The revision of a database, None where it has no tables of ours."""
    return await database.read(_revision)


def _revision(tx: Connection) -> str | None:
    if "alembic_version" not in inspect(tx).get_table_names():
        return None
    return MigrationContext.configure(tx).get_current_revision()


async def migrate(database: Database, *, only_empty: bool = False) -> Migrated:
    """Make or update the tables, in one transaction; two programs at once do it one after the other.

    With `only_empty` the tables of another release are left as they are and refused, with a `Conflict`.
    """
    writer = await database.connect_writer()
    try:
        await writer.begin()
        migrated = await writer.run(lambda tx: _upgrade(tx, only_empty))
        await writer.commit()
    except Exception as failure:
        await writer.rollback()
        raise translate(failure) or failure from failure
    finally:
        await writer.close()
    return migrated


async def require_newest(database: Database) -> None:
    """Refuse a database whose tables are of another release, or not there at all."""
    found = await revision(database)
    if found is None:
        raise Conflict("The database is empty; run `placet migrate` to make its tables.")
    if found != newest():
        raise _other_release(found)


def _other_release(found: str) -> Conflict:
    return Conflict(f"The database is at revision {found} and this release needs {newest()}; run `placet migrate`.")


def _upgrade(tx: Connection, only_empty: bool) -> Migrated:
    lock_migrations(tx)
    before, after = _revision(tx), newest()
    if before is not None and before not in _known():
        raise Conflict(f"The database is at revision {before}, which this release does not know; use a newer release.")
    if before != after:
        if before is not None and only_empty:
            raise _other_release(before)
        config = Config()
        config.set_main_option("script_location", str(_FOLDER))
        config.attributes["connection"] = tx
        command.upgrade(config, "head")
    return Migrated(before, after)
