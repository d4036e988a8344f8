"""`placet migrate`."""

from __future__ import annotations

from placet_api.cli.options import ON_DATABASE, OnDatabase
from placet_api.cli.output import say


async def migrate(*, where: OnDatabase = ON_DATABASE) -> None:
    """Make the tables of a database, or bring them up to this release."""
    from placet.engine import migrate_database

    done = await migrate_database(where.settings().database_url)
    if done.before == done.after:
        say(f"The database is at revision {done.after} already.")
    elif done.before is None:
        say(f"Made the tables of revision {done.after}.")
    else:
        say(f"Brought the database from revision {done.before} to {done.after}.")
