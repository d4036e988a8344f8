"""`placet user …`."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Annotated

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import ADMINISTRATION, DEFINITIONS, ROWS, Administration, Rows
from placet_api.cli.output import note, print_json, print_table, say

app = App(name="user", help="Add users, change passwords, let users in and keep them out.", group=DEFINITIONS)

_COLUMNS = [
    Column("User", least=8),
    Column("Name", least=10, rank=1),
    Column("Role", least=12),
    Column("Status", rank=1),
    Column("E-mail", least=12, rank=2),
]
_Role = Annotated[str | None, Parameter(metavar="CODE")]


@app.command
async def add(
    user: str,
    /,
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    email: str | None = None,
    role: _Role = None,
    password: Annotated[bool, Parameter(negative="")] = False,
    where: Administration = ADMINISTRATION,
) -> None:
    """Add a user, who may sign in once he has a password.

    Works on the database, not through a server. For example:

        placet user add erik --first-name Erik --last-name Lund
        placet user add erik --role PROCESSMAKER_MANAGER --password < secret.txt

    Parameters
    ----------
    user
        his user name
    first_name
        his first name
    last_name
        his last name
    email
        his e-mail address
    role
        code of his role [default: PROCESSMAKER_OPERATOR]
    password
        ask for his password, or read it from standard input
    """
    from placet.core.permissions import SYSTEM_ROLES
    from placet.directory import accounts, users

    async with where.desk() as (engine, caller):
        values = users.UserValues(
            user_name=user,
            first_name=first_name,
            last_name=last_name,
            email=email,
            role=role or SYSTEM_ROLES.operator,
            password=accounts.checked_password(_ask_password(), engine.settings) if password else None,
        )
        added, code = await users.add(engine.store, caller, values)
    say(f"Added {added.dn} with the role {code}.")


@app.command
async def password(user: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Set a user's password; it is asked for, or read from standard input.

    His sessions and tokens end. Works on the database, not through a server; one that runs takes the new password
    within a second. For example:

        placet user password admin
        placet user password anna < secret.txt

    Parameters
    ----------
    user
        whose, a user name or DN
    """
    from placet.directory import accounts

    async with where.desk() as (engine, caller):
        await accounts.set_password(engine.store, caller, user, _ask_password(), engine.settings)
    say(f"Set the password of {user}.")


@app.command
async def disable(user: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Keep a user out: he cannot sign in, and is asked for nothing any more.

    His sessions and tokens end. Works on the database, not through a server. For example:

        placet user disable anna

    Parameters
    ----------
    user
        whom, a user name or DN
    """
    from placet.directory import accounts

    async with where.desk() as (engine, caller):
        await accounts.set_status(engine.store, caller, user, accounts.INACTIVE)
    say(f"Disabled {user}.")


@app.command
async def enable(user: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Let a user in again who was kept out.

    Works on the database, not through a server. For example:

        placet user enable anna

    Parameters
    ----------
    user
        whom, a user name or DN
    """
    from placet.directory import accounts

    async with where.desk() as (engine, caller):
        await accounts.set_status(engine.store, caller, user, accounts.ACTIVE)
    say(f"Enabled {user}.")


@app.command(name="list")
async def list_(
    text: str = "", /, *, role: _Role = None, rows: Rows = ROWS, where: Administration = ADMINISTRATION
) -> None:
    """List users by name, each with his role and status.

    Works on the database, not through a server. For example:

        placet user list
        placet user list berg --role PROCESSMAKER_MANAGER

    Parameters
    ----------
    text
        only users with this text in their user name, first name or last name
    role
        only users with the role of this code
    """
    from placet.directory import accounts

    async with where.desk() as (engine, caller):
        found = await accounts.every_user(engine.store, caller, text, role=role, limit=rows.at_most)
    listed = [
        {
            "user_name": user.user_name,
            "dn": user.dn,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email": user.email,
            "role": code or None,
            "status": user.status,
        }
        for user, code in found
    ]
    if rows.form == "json":
        print_json(listed)
    elif listed:
        print_table(_COLUMNS, [_cells(each) for each in listed])
        if len(listed) == rows.at_most:
            note(f"Shown are {len(listed)}; there may be more: --limit 0 shows all.")
    else:
        note("There are none.")


def _cells(user: dict[str, str | None]) -> list[str]:
    name = f"{user['first_name']} {user['last_name']}".strip()
    return [user["user_name"] or "", name, user["role"] or "", user["status"] or "", user["email"] or ""]


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("New password: ")
    if getpass("Once more: ") != first:
        raise WrongUsage("The two passwords differ; nothing was changed.")
    return first
