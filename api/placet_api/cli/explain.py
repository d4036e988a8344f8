"""`placet explain …`: why something is as it is."""

from __future__ import annotations

from cyclopts import App

from placet_api.cli.columns import Column
from placet_api.cli.options import DEFINITIONS, ON_DATABASE_ONLY, Format, OnDatabaseOnly
from placet_api.cli.output import print_json, print_table, say

app = App(name="explain", help="Say who may do what, and why.", group=DEFINITIONS)

_COLUMNS = [
    Column("To", least=16),
    Column("May", least=3),
    Column("Because", least=20, wraps=True),
    Column("It takes", least=20, rank=1, wraps=True),
]


@app.command
async def access(
    user: str, process: str, /, *, where: OnDatabaseOnly = ON_DATABASE_ONLY, form: Format = "table"
) -> None:
    """Say what a user may do with a process and altogether, and why or what it would take.

    Works on the database, not through a server. For example:

        placet explain access anna 01a200b1db22707bb20b83d1ee190000

    Parameters
    ----------
    user
        a user name or DN
    process
        the id of the process
    """
    async with where.engine() as engine:
        answers = await engine.as_system().access(user, process)
    if form == "json":
        print_json(
            [
                {"act": act.name, "allowed": each.allowed, "because": each.because, "needs": each.needs}
                for act, each in answers.items()
            ]
        )
        return
    say(f"What {user} may do, with process {process} and altogether:")
    print_table(
        _COLUMNS,
        [[act.value, "yes" if each.allowed else "no", each.because, each.needs] for act, each in answers.items()],
    )
