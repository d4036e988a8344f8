"""Bringing a database's tables up to date: one history for both kinds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from placet.clock import Clock, SystemClock
from placet.errors import Conflict
from placet.store.database import Database, events_are_ahead, let_events_go_on, lock_migrations, translate
from placet.store.roles import seed_defaults

_FOLDER = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Migrated:
    """The revision before (None: the database was empty) and after.

    `restored` says that the events came from another PostgreSQL server, and that new ones now follow them.
    """

    before: str | None
    after: str
    restored: bool = False


def newest() -> str:
    """The revision that this release works with."""
    return max(_known())


def _known() -> set[str]:
    """Every revision that this release has a migration for: the name of its file begins with it."""
    return {file.name.partition("_")[0] for file in _FOLDER.glob("versions/[0-9]*.py")}


async def revision(database: Database) -> str | None:
    """The revision of a database, None where it has no tables of ours."""
    return await database.read(_revision)


def _revision(tx: Connection) -> str | None:
    if "alembic_version" not in inspect(tx).get_table_names():
        return None
    found: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def migrate(database: Database, *, only_empty: bool = False, clock: Clock | None = None) -> Migrated:
    """Make or update the tables, in one transaction; two programs at once do it one after the other.

    The roles that every directory begins with are added where there is none.

    With `only_empty` the tables of another release are left as they are and refused, with a `Conflict`.
    """
    now = (clock or SystemClock()).now()
    async with _alone():
        writer = await database.connect_writer(patient=True)
        try:
            await writer.begin()
            migrated = await writer.run_aside(lambda tx: _upgrade(tx, only_empty, now))
            await writer.commit()
        except Exception as failure:
            await writer.rollback()
            raise translate(failure) or failure from failure
        finally:
            await writer.close()
    return migrated


_running = threading.Lock()


@asynccontextmanager
async def _alone() -> AsyncIterator[None]:
    """Wait for other migrations of this program: Alembic keeps the one that it works on in its modules."""
    while not _running.acquire(blocking=False):  # noqa: ASYNC110  # the other one may belong to another loop
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        _running.release()


async def require_newest(database: Database) -> None:
    """Refuse a database whose tables are of another release, or not there at all."""
    found = await revision(database)
    if found is None:
        raise Conflict("The database is empty; run `placet migrate` to make its tables.")
    if found != newest():
        raise _other_release(found)
    if await database.read(events_are_ahead):
        raise Conflict("The database was restored from another PostgreSQL server; run `placet migrate` once.")


def _other_release(found: str) -> Conflict:
    return Conflict(f"The database is at revision {found} and this release needs {newest()}; run `placet migrate`.")


def _upgrade(tx: Connection, only_empty: bool, now: datetime) -> Migrated:
    lock_migrations(tx)
    before, after = _revision(tx), newest()
    if before is not None and before not in _known():
        raise Conflict(f"The database is at revision {before}, which this release does not know; use a newer release.")
    if before != after:
        if before is not None and only_empty:
            raise _other_release(before)
        _run_alembic(tx)
    seed_defaults(tx, now)
    restored = events_are_ahead(tx)
    if restored:
        let_events_go_on(tx)
    return Migrated(before, after, restored)


def _run_alembic(tx: Connection) -> None:
    from alembic import command  # here, since it takes a tenth of a second that few commands need to wait
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
