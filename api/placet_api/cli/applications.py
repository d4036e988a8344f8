"""`placet applications …`: the programs that may ask a server for access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.desk import ApplicationView, NewApplication
from placet_api.cli.options import ADMINISTRATION, DEFINITIONS, Administration, Format
from placet_api.cli.output import note, print_fields, print_json, print_table, say

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
    owner: Annotated[str | None, Parameter(metavar="USER")] = None
    """the user whose rights its own tokens have [default: whoever acts, or admin]"""
    description: Annotated[str, Parameter(metavar="TEXT")] = ""
    """shown to the users who are asked"""
    web_site: Annotated[str, Parameter(metavar="URL")] = ""
    """where to read more of it"""
    public: Annotated[bool, Parameter(negative="")] = False
    """it cannot keep a secret, gets none, and has to use PKCE"""


@app.command(name="list")
async def every(*, form: Format = "table", where: Administration = ADMINISTRATION) -> None:
    """List applications with their secrets: with --as or --server one's own, unless one may see all.

    For example:

        placet applications list
        placet applications list --format json
    """
    async with where.desk() as desk:
        found = await desk.applications()
    if form == "json":
        print_json(found)
    elif found:
        print_table(_COLUMNS, [_row(each) for each in found])
    else:
        note("There are none; `placet serve` adds the one of the connectors.")


@app.command
async def add(name: str, /, *, wanted: Wanted = Wanted(), where: Administration = ADMINISTRATION) -> None:  # frozen
    """Register an application and print its client_id and client_secret.

    For example:

        placet applications add Travel --redirect-uri https://t.example.org/in

    Parameters
    ----------
    name
        what its users are asked about
    """
    asked = NewApplication(
        name, wanted.description, wanted.web_site, wanted.redirect_uri or [], wanted.public, wanted.owner
    )
    async with where.desk() as desk:
        made = await desk.register(asked)
    print_fields([("client_id", made.client_id), ("client_secret", made.client_secret or "none: it is public")])


@app.command
async def remove(client_id: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Remove an application; all its tokens end, on a server that runs within seconds.

    For example:

        placet applications remove QXJMZPLWTRBCVNKDHFGSAYEUIOQXJMZP

    Parameters
    ----------
    client_id
        which one
    """
    async with where.desk() as desk:
        await desk.remove_application(client_id)
    say(f"Removed {client_id}.")


def _row(application: ApplicationView) -> list[str]:
    uris = " ".join(application.redirect_uris)
    secret = "public" if application.client_secret is None else application.client_secret or "does not open"
    return [application.name, application.client_id, secret, application.owner, uris]
