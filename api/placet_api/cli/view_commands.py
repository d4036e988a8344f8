"""`placet views …`: queries that people have saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App

from placet_api.cli.columns import Column
from placet_api.cli.options import ANYWHERE, PROCESSES, Anywhere, Format
from placet_api.cli.output import note, print_json, print_table, say

if TYPE_CHECKING:
    from placet_api.cli.query_desk import ViewView

app = App(name="views", help="List saved queries, or remove one; `placet query --save` keeps one.", group=PROCESSES)

_COLUMNS = [
    Column("Name", least=12),
    Column("Of", rank=1),
    Column("Query", least=24),
    Column("Owner", least=10, rank=1),
    Column("Shared", rank=2),
]


@app.command(name="list")
async def list_(*, where: Anywhere = ANYWHERE, form: Format = "table") -> None:
    """List your views by name, then those that others share.

    For example:

        placet views list --as anna
    """
    from placet_api.cli.query_desk import open_queries

    async with open_queries(where) as desk:
        found = await desk.views()
    if form == "json":
        print_json(found)
    elif found:
        print_table(_COLUMNS, list(map(_row, found)))
    else:
        note("There are none.")


@app.command
async def remove(view: str, /, *, where: Anywhere = ANYWHERE) -> None:
    """Remove a view of yours.

    For example:

        placet views remove stuck --as anna

    Parameters
    ----------
    view
        its name or id
    """
    from placet_api.cli.query_desk import open_queries

    async with open_queries(where) as desk:
        await desk.forget(view)
    say(f"Removed {view}.")


def _row(view: ViewView) -> list[str]:
    return [view.name, view.resource, view.query, view.owner, "yes" if view.shared else ""]
