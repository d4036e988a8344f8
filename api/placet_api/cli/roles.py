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

    Works on the database, not through a server. For example:

        placet role list --format json
    """
    from placet.directory import accounts

    async with where.desk() as (engine, caller):
        found = await accounts.every_role(engine.store, caller)
    if form == "json":
        names = ("id", "code", "name", "status")
        print_json([{name: getattr(each.role, name) for name in names} | {"users": each.users} for each in found])
    else:
        print_table(_COLUMNS, [[each.role.code, each.role.name, each.role.status, str(each.users)] for each in found])
