"""`placet directory …` and `placet user …`."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

from cyclopts import App

from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import DEFINITIONS, ON_DATABASE_ONLY, OnDatabaseOnly
from placet_api.cli.output import note, say

app = App(name="directory", help="Load people and groups from a file.", group=DEFINITIONS)
users = App(name="user", help="Change a user's password.", group=DEFINITIONS)


@app.command
async def load(file: Path, /, *, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Add the users and groups of a file, or change those that are there; all of them or none.

    Works on the database, not through a server. For example:

        placet directory load people.yaml

    Parameters
    ----------
    file
        people in JSON or YAML
    """
    async with where.engine() as engine:
        summary = await engine.load_people(file)
    say(f"Users: {summary.users_added} added, {summary.users_changed} changed.")
    say(f"Groups: {summary.groups_added} added, {summary.groups_changed} changed.")
    for text in summary.notes:
        note(text)


@users.command
async def password(user: str, /, *, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Set a user's password; it is asked for, or read from standard input.

    Works on the database, not through a server; one that runs takes the new password at once. For example:

        placet user password admin
        placet user password anna < secret.txt

    Parameters
    ----------
    user
        whose, a user name or DN
    """
    from placet.directory.accounts import set_password

    async with where.engine() as engine:
        await set_password(engine.store, user, _ask_password())
    say(f"Set the password of {user}.")


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("New password: ")
    if getpass("Once more: ") != first:
        raise WrongUsage("The two passwords differ; nothing was changed.")
    return first
