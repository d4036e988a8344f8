"""`placet user …`."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Annotated

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.desk import NewUser, UserView
from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import ADMINISTRATION, DEFINITIONS, ROWS, Administration, Format, Rows
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
    due_date: Annotated[str | None, Parameter(metavar="DAY")] = None,
    role: _Role = None,
    password: Annotated[bool, Parameter(negative="")] = False,
    where: Administration = ADMINISTRATION,
) -> None:
    """Add a user, who may sign in once he has a password.

    A server asks for both names, e-mail address, day and password. For example:

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
    due_date
        the last day on which he may sign in, such as 2030-12-31
    role
        code of his role [default: PROCESSMAKER_OPERATOR]
    password
        ask for his password, or read it from standard input
    """
    new = NewUser(user, first_name, last_name, email, due_date, role, _ask_password() if password else None)
    async with where.desk() as desk:
        dn, code = await desk.add_user(new)
    say(f"Added {dn} with the role {code}.")


@app.command
async def password(user: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Set a user's password; it is asked for, or read from standard input.

    His sessions and tokens end. For example:

        placet user password admin
        placet user password anna < secret.txt

    Parameters
    ----------
    user
        whose, a user name or DN
    """
    new = _ask_password()
    async with where.desk() as desk:
        await desk.set_password(user, new)
    say(f"Set the password of {user}.")


@app.command
async def disable(user: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Keep a user out: he cannot sign in, and is asked for nothing any more.

    His sessions and tokens end. For example:

        placet user disable anna

    Parameters
    ----------
    user
        whom, a user name or DN
    """
    async with where.desk() as desk:
        await desk.set_status(user, "INACTIVE")
    say(f"Disabled {user}.")


@app.command
async def enable(user: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Let a user in again who was kept out.

    For example:

        placet user enable anna

    Parameters
    ----------
    user
        whom, a user name or DN
    """
    async with where.desk() as desk:
        await desk.set_status(user, "ACTIVE")
    say(f"Enabled {user}.")


@app.command
async def notifications(
    user: str,
    /,
    *,
    on: Annotated[list[str] | None, Parameter(metavar="KIND", negative="")] = None,
    off: Annotated[list[str] | None, Parameter(metavar="KIND", negative="")] = None,
    where: Administration = ADMINISTRATION,
    form: Format = "table",
) -> None:
    """Show which mails a user wants, or choose: assigned, reminder, escalation, finished.

    One's own with --as or --server; those of others take the permission PM_USERS. For example:

        placet user notifications anna
        placet user notifications anna --off reminder --on finished

    Parameters
    ----------
    user
        whose, a user name or DN
    on
        a kind that he wants; may be given several times
    off
        a kind that he does not want; may be given several times
    """
    if both := sorted(set(on or ()) & set(off or ())):
        raise WrongUsage(f"{both[0]!r} is given with --on and with --off; leave one of them out.")
    chosen = dict.fromkeys(on or (), True) | dict.fromkeys(off or (), False)
    async with where.desk() as desk:
        found = await (desk.choose(user, chosen) if chosen else desk.notifications(user))
    if form == "json":
        print_json([{"kind": kind, "wanted": wanted} for kind, wanted in found.items()])
    else:
        columns = [Column("Mail", least=10), Column("Wanted")]
        print_table(columns, [[kind, "yes" if wanted else "no"] for kind, wanted in found.items()])


@app.command(name="list")
async def list_(
    text: str = "", /, *, role: _Role = None, rows: Rows = ROWS, where: Administration = ADMINISTRATION
) -> None:
    """List users by name, each with his role and status.

    A server does not tell their DNs. For example:

        placet user list
        placet user list berg --role PROCESSMAKER_MANAGER

    Parameters
    ----------
    text
        only users with this text in their user name, first name or last name
    role
        only users with the role of this code
    """
    async with where.desk() as desk:
        found = await desk.users(text, role, rows.at_most)
    if rows.form == "json":
        print_json(found)
    elif found:
        print_table(_COLUMNS, [_cells(each) for each in found])
        if len(found) == rows.at_most:
            note(f"Shown are {len(found)}; there may be more: --limit 0 shows all.")
    else:
        note("There are none.")


def _cells(user: UserView) -> list[str]:
    return [user.user_name, f"{user.first_name} {user.last_name}".strip(), user.role or "", user.status, user.email]


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("New password: ")
    if getpass("Once more: ") != first:
        raise WrongUsage("The two passwords differ; nothing was changed.")
    return first
