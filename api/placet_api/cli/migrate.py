"""`placet migrate`."""

from __future__ import annotations

from placet_api.cli.options import ON_DATABASE_ONLY, OnDatabaseOnly
from placet_api.cli.output import say


async def migrate(*, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Make the tables of a database, or bring them up to this release.

    Works on the database, not through a server. For example:

        placet migrate --database postgresql://placet@db.example.org/placet
    """
    from placet.engine import migrate_database

    settings = where.settings()
    done = await migrate_database(settings.database_url, settings.database_direct_url)
    if done.before == done.after:
        say(f"The database is at revision {done.after} already.")
    elif done.before is None:
        say(f"Made the tables of revision {done.after}.")
    else:
        say(f"Brought the database from revision {done.before} to {done.after}.")
    if done.restored:
        say("Its events came from another PostgreSQL server; new ones now follow them.")
