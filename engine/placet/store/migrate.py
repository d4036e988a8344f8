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
from placet.errors import Conflict, InvalidInput
from placet.store import counters, nodes
from placet.store.database import (
    Database,
    encoding_of,
    events_are_ahead,
    in_the_way,
    in_words,
    let_events_go_on,
    lock_migrations,
    lost_a_lock,
    translate,
)
from placet.store.roles import seed_defaults

_FOLDER = Path(__file__).parent / "migrations"
#: The counter that says from which revision on a release goes on working on these tables; an older one does not.
_WORKS_FROM = "works_from"
#: How long tables are waited for that others work on. They are asked for now and then, and then not for long, since
#: whoever comes after us waits as well.
PATIENCE_SECONDS, _AGAIN_SECONDS = 60.0, 0.5


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

    With `only_empty` the tables of an older release are left as they are and refused, with a `Conflict`. Those of a
    newer one are left as they are where that says that this release works on them, and else refused.
    """
    now = (clock or SystemClock()).now()
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    async with _alone():
        while True:
            try:
                return await _attempt(database, only_empty, now)
            except Exception as failure:
                if in_the_way(failure):
                    raise Conflict(
                        f"The database has something else in it that is in the way ({in_words(failure)}); give Placet "
                        "a database of its own."
                    ) from None
                if not lost_a_lock(failure) or loop.time() > until:
                    raise translate(failure) or failure from failure
            await asyncio.sleep(_AGAIN_SECONDS)  # others get their turn


async def _attempt(database: Database, only_empty: bool, now: datetime) -> Migrated:
    writer = await database.connect_writer(patient=True)
    try:
        await writer.begin()
        migrated = await writer.run_aside(lambda tx: _upgrade(tx, only_empty, now))
        await writer.commit()
    except Exception:
        await writer.rollback()
        raise
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
    """Refuse a database whose tables this release does not work on, or that has none."""
    await database.read(_require_tables)


def _require_tables(tx: Connection) -> None:
    found = _revision(tx)
    if found is None:
        raise Conflict("The database is empty; run `placet migrate` to make its tables.")
    if found not in _known():
        _require_room(tx, found)
    elif found != newest():
        raise _older_release(found)
    if events_are_ahead(tx):
        raise Conflict("The database was restored from another PostgreSQL server; run `placet migrate` once.")


def _older_release(found: str) -> Conflict:
    return Conflict(f"The database is at revision {found} and this release needs {newest()}; run `placet migrate`.")


def _require_room(tx: Connection, found: str) -> None:
    """Refuse tables of a newer release, unless that has left room for this one, as one does for the one before it."""
    since = counters.value(tx, _WORKS_FROM) if inspect(tx).has_table("counter") else 0
    if not (found.isdecimal() and since and int(newest()) >= since):
        raise Conflict(
            f"The database is at revision {found}, and this release works on {newest()} and not on that; use the "
            "release that migrated the database, or a newer one."
        )


def _upgrade(tx: Connection, only_empty: bool, now: datetime) -> Migrated:
    if (encoding := encoding_of(tx)) != "UTF8":
        raise InvalidInput(
            f"The database keeps texts as {encoding}, and those of Placet may be in any language; make one with "
            "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'."
        )
    lock_migrations(tx)
    before, after = _revision(tx), newest()
    if before is not None and before not in _known():
        _require_room(tx, before)
        after = before
    if before != after:
        if before is not None and only_empty:
            raise _older_release(before)
        _run_alembic(tx, before)
    seed_defaults(tx, now)
    restored = events_are_ahead(tx)
    if restored:
        let_events_go_on(tx)
    return Migrated(before, after, restored)


def _run_alembic(tx: Connection, before: str | None) -> None:
    from alembic import command  # here, since it takes a tenth of a second that few commands need to wait
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = tx
    head = ScriptDirectory.from_config(config).get_revision("head")
    works_from = int(getattr(head.module, _WORKS_FROM, head.revision))
    if before is not None and works_from > int(before):
        _require_nobody(tx, head.revision)
    command.upgrade(config, "head")
    counters.raise_to(tx, _WORKS_FROM, works_from)


def _require_nobody(tx: Connection, after: str) -> None:
    """Refuse to take the tables away from engines that could not work on the new ones."""
    living = nodes.living(tx) if inspect(tx).has_table("engine_node") else []
    if living:
        raise Conflict(
            f"The engines {', '.join(living)} run, and their release does not work on revision {after}: stop them "
            "before you run `placet migrate`."
        )
