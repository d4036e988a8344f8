"""`placet proxy …`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.desk import ProxyView
from placet_api.cli.options import ADMINISTRATION, DEFINITIONS, Administration, Format
from placet_api.cli.output import moment, note, print_json, print_table, say
from placet_api.cli.times import From, To, read_time

app = App(name="proxy", help="Let somebody start processes in another's name.", group=DEFINITIONS)

_COLUMNS = [
    Column("ID"),
    Column("In the name of", least=8),
    Column("Proxy", least=8),
    Column("From", rank=1),
    Column("To", rank=1),
]


@app.command
async def add(
    proxy: str,
    /,
    *,
    user: Annotated[str | None, Parameter(metavar="U")] = None,
    from_: From = None,
    to: To = None,
    where: Administration = ADMINISTRATION,
) -> None:
    """Let a proxy start processes in somebody's name for a time.

    In one's own name with --as or --server; in that of others it takes the permission PM_SUPERVISOR. For example:

        placet proxy add ben --as anna --to 2030-01-07
        placet proxy add ben --user anna

    Parameters
    ----------
    proxy
        who may start processes, a user name or DN
    user
        in whose name, a user name or DN [default: who acts]
    """
    from placet.directory import proxies

    wanted = proxies.NewProxy(proxy=proxy, person=user, from_at=read_time("--from", from_), to_at=read_time("--to", to))
    async with where.desk() as desk:
        row = await desk.add_proxy(wanted)
    until = f" to {moment(row.to_at)}" if row.to_at else ""
    may = f"may start processes in the name of {row.person.name}"
    say(f"Added {row.id}: {row.proxy.name} {may} from {moment(row.from_at)}{until}.")


@app.command(name="list")
async def list_(*, where: Administration = ADMINISTRATION, form: Format = "table") -> None:
    """List proxy grants: with --as or --server those that concern one, unless one may see all.

    For example:

        placet proxy list --as anna
    """
    async with where.desk() as desk:
        found = await desk.proxies()
    if form == "json":
        print_json([_values(row) for row in found])
    elif found:
        print_table(_COLUMNS, [_cells(row) for row in found])
    else:
        note("There are none.")


@app.command
async def remove(grant: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Take a proxy grant back: one's own, with the permission PM_SUPERVISOR anybody's.

    For example:

        placet proxy remove 01a200b1db22707bb20b83d1ee190000

    Parameters
    ----------
    grant
        its id, as `placet proxy list` shows it
    """
    async with where.desk() as desk:
        await desk.remove_proxy(grant)
    say(f"Removed {grant}.")


def _cells(row: ProxyView) -> list[str]:
    return [row.id, row.person.name, row.proxy.name, moment(row.from_at), moment(row.to_at)]


def _values(row: ProxyView) -> dict[str, object]:
    return asdict(row) | {"person": row.person.dn, "proxy": row.proxy.dn}
