"""`placet applications …`: the programs that may ask a server for access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.options import DEFINITIONS, ON_DATABASE_ONLY, Format, OnDatabaseOnly
from placet_api.cli.output import note, print_fields, print_json, print_table, say

if TYPE_CHECKING:
    from placet import Engine
    from placet.directory.applications import Application
    from placet.directory.caller import Caller

app = App(name="applications", help="List, add and remove OAuth applications.", group=DEFINITIONS)

_COLUMNS = [
    Column("Name", least=12),
    Column("client_id"),
    Column("client_secret"),
    Column("Owner", least=10, rank=1),
    Column("Redirect URIs", least=20, rank=2),
]


@Parameter(name="*")
@dataclass(frozen=True)
class Wanted:
    """What an application may be given beside its name."""

    redirect_uri: Annotated[
        list[str] | None, Parameter(name="--redirect-uri", negative="", metavar="URI", consume_multiple=False)
    ] = None
    """where its users are sent back to, matched exactly; may be repeated"""
    owner: Annotated[str, Parameter(metavar="USER")] = "admin"
    """the user whose rights its own tokens have"""
    description: Annotated[str, Parameter(metavar="TEXT")] = ""
    """shown to the users who are asked"""
    web_site: Annotated[str, Parameter(metavar="URL")] = ""
    """where to read more of it"""
    public: Annotated[bool, Parameter(negative="")] = False
    """it cannot keep a secret, gets none, and has to use PKCE"""


@app.command(name="list")
async def every(*, form: Format = "table", where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """List all applications with their secrets.

    Works on the database, not through a server. For example:

        placet applications list
        placet applications list --format json
    """
    async with where.engine() as engine:
        found = await engine.oauth.applications.every(_caller(engine))
    if form == "json":
        print_json([_described(each) for each in found])
    elif found:
        print_table(_COLUMNS, [_row(each) for each in found])
    else:
        note("There are none; `placet serve` adds the one of the connectors.")


@app.command
async def add(name: str, /, *, wanted: Wanted = Wanted(), where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:  # frozen
    """Register an application and print its client_id and client_secret.

    Works on the database, not through a server. For example:

        placet applications add Travel --redirect-uri https://t.example.org/in

    Parameters
    ----------
    name
        what its users are asked about
    """
    from placet.directory.applications import Registration
    from placet.errors import NotFound

    registration = Registration(
        name, wanted.description, wanted.web_site, tuple(wanted.redirect_uri or ()), wanted.public
    )
    async with where.engine() as engine:
        owner = engine.directory.person(wanted.owner)
        if owner is None:
            raise NotFound(f"There is no user {wanted.owner[:100]!r}; give --owner a user name or a DN.")
        made = await engine.oauth.applications.register(_caller(engine), registration, owner)
    print_fields([("client_id", made.client_id), ("client_secret", made.secret or "none: it is public")])


@app.command
async def remove(client_id: str, /, *, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Remove an application; all its tokens end, on a server that runs within seconds.

    Works on the database, not through a server. For example:

        placet applications remove QXJMZPLWTRBCVNKDHFGSAYEUIOQXJMZP

    Parameters
    ----------
    client_id
        which one
    """
    async with where.engine() as engine:
        await engine.oauth.applications.remove(_caller(engine), client_id)
    say(f"Removed {client_id}.")


def _caller(engine: Engine) -> Caller:
    """Whoever holds the database may do everything."""
    from placet.directory.caller import Caller

    return Caller(None, engine.directory, engine.clock.now())


def _row(application: Application) -> list[str]:
    uris = " ".join(application.redirect_uris)
    return [application.name, application.client_id, application.secret or "public", application.owner, uris]


def _described(application: Application) -> dict[str, Any]:
    return {
        "name": application.name,
        "client_id": application.client_id,
        "client_secret": application.secret,
        "description": application.description,
        "web_site": application.web_site,
        "redirect_uris": list(application.redirect_uris),
        "owner": application.owner,
        "created_at": application.created_at,
    }
