"""`placet absence …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.options import ADMINISTRATION, DEFINITIONS, Administration, Format
from placet_api.cli.output import moment, note, print_json, print_table, say
from placet_api.cli.times import From, To, read_time

if TYPE_CHECKING:
    from placet.core.people import Directory
    from placet.directory.absences import AbsenceRow

app = App(name="absence", help="Let somebody's work go to another for a time.", group=DEFINITIONS)

_COLUMNS = [
    Column("ID"),
    Column("Absent", least=8),
    Column("Delegate", least=8),
    Column("Of", least=8, rank=1),
    Column("From", rank=1),
    Column("To", rank=1),
]


@app.command
async def add(
    delegate: str,
    /,
    *,
    user: Annotated[str | None, Parameter(metavar="U")] = None,
    category: str | None = None,
    definition: str | None = None,
    from_: From = None,
    to: To = None,
    where: Administration = ADMINISTRATION,
) -> None:
    """Let somebody's work items go to a delegate for a time.

    One's own with --as; those of others take the permission PM_SUPERVISOR. Works on the database, not through a server.
    For example:

        placet absence add ben --as anna --to 2030-01-07
        placet absence add ben --user anna --definition "Leave request"

    Parameters
    ----------
    delegate
        who gets the work, a user name or DN
    user
        whose work, a user name or DN [default: who acts]
    category
        only work of definitions of this category
    definition
        only work of this definition: its name, DN or GUID
    """
    from placet.directory import absences

    wanted = absences.NewAbsence(
        delegate=delegate,
        person=user,
        category=category,
        definition=definition,
        from_at=read_time("--from", from_),
        to_at=read_time("--to", to),
    )
    async with where.desk() as (engine, caller):
        row = await absences.add(engine.store, caller, wanted, await engine.as_system().definitions())
        people = engine.directory
        say(f"Added {row.id}: the work of {people.display_name(row.person)} goes to {_delegate(people, row)}.")


@app.command(name="list")
async def list_(*, where: Administration = ADMINISTRATION, form: Format = "table") -> None:
    """List absences: with --as those that concern one, unless one may see all.

    Works on the database, not through a server. For example:

        placet absence list --as anna
    """
    from placet.directory import absences

    async with where.desk() as (engine, caller):
        found = await absences.page(engine.store, caller)
        people = engine.directory
    if form == "json":
        print_json([_values(row) for row in found])
    elif found:
        print_table(_COLUMNS, [_cells(people, row) for row in found])
    else:
        note("There are none.")


@app.command
async def remove(absence: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Take an absence back: one's own, with the permission PM_SUPERVISOR anybody's.

    Works on the database, not through a server. For example:

        placet absence remove 01a200b1db22707bb20b83d1ee190000

    Parameters
    ----------
    absence
        its id, as `placet absence list` shows it
    """
    from placet.arguments import id_of
    from placet.directory import absences

    async with where.desk() as (engine, caller):
        await absences.remove(engine.store, caller, id_of(absence, "absence"))
    say(f"Removed {absence}.")


def _delegate(people: Directory, row: AbsenceRow) -> str:
    until = f" to {moment(row.to_at)}" if row.to_at else ""
    return f"{people.display_name(row.delegate)} from {moment(row.from_at)}{until}"


def _cells(people: Directory, row: AbsenceRow) -> list[str]:
    of = people.display_name(row.definition) if row.definition else row.category or "everything"
    names = people.display_name(row.person), people.display_name(row.delegate)
    return [row.id, *names, of, moment(row.from_at), moment(row.to_at)]


def _values(row: AbsenceRow) -> dict[str, object]:
    names = ("id", "person", "delegate", "category", "definition", "from_at", "to_at", "created_at")
    return {name: getattr(row, name) for name in names}
