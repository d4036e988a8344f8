"""`placet directory …`."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from placet_api.cli.options import DEFINITIONS, ON_DATABASE_ONLY, OnDatabaseOnly
from placet_api.cli.output import note, say
from placet_api.cli.progress import told_on_terminal

app = App(name="directory", help="Load people and groups from a file.", group=DEFINITIONS)


@app.command
async def load(file: Path, /, *, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Add the people, groups and roles of a file, or change those that are there; all of them or none.

    The file is the whole truth for permissions and for what a role holds; people whom it leaves out stay.

    Works on the database, not through a server. For example:

        placet directory load people.yaml

    Parameters
    ----------
    file
        people in JSON or YAML
    """
    async with where.engine() as engine:
        with told_on_terminal(file) as progress:
            summary = await engine.as_system().load_people(file, progress=progress)
    say(f"Users: {summary.users_added} added, {summary.users_changed} changed.")
    say(f"Groups: {summary.groups_added} added, {summary.groups_changed} changed.")
    if summary.roles_added or summary.roles_changed:
        say(f"Roles: {summary.roles_added} added, {summary.roles_changed} changed.")
    for text in summary.notes:
        note(text)
