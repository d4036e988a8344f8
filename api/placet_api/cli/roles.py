"""`placet role …`."""

from __future__ import annotations

from cyclopts import App

from placet_api.cli.columns import Column
from placet_api.cli.options import ADMINISTRATION, DEFINITIONS, Administration, Format
from placet_api.cli.output import print_json, print_table

app = App(name="role", help="List roles.", group=DEFINITIONS)

_COLUMNS = [Column("Role", least=12), Column("Name", least=10), Column("Status", rank=1), Column("Users", right=True)]


@app.command(name="list")
async def list_(*, where: Administration = ADMINISTRATION, form: Format = "table") -> None:
    """List the roles, each with the number of its users.

    For example:

        placet role list --format json
    """
    async with where.desk() as desk:
        found = await desk.roles()
    if form == "json":
        print_json(found)
    else:
        print_table(_COLUMNS, [[each.code, each.name, each.status, str(each.users)] for each in found])
