"""`placet absence …`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.desk import AbsenceView
from placet_api.cli.options import ADMINISTRATION, DEFINITIONS, Administration, Format
from placet_api.cli.output import moment, note, print_json, print_table, say
from placet_api.cli.times import From, To, read_time

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

    One's own with --as or --server; those of others take the permission PM_SUPERVISOR. For example:

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
    async with where.desk() as desk:
        row = await desk.add_absence(wanted)
    say(f"Added {row.id}: the work of {row.person.name} goes to {_delegate(row)}.")


@app.command(name="list")
async def list_(*, where: Administration = ADMINISTRATION, form: Format = "table") -> None:
    """List absences: with --as or --server those that concern one, unless one may see all.

    For example:

        placet absence list --as anna
    """
    async with where.desk() as desk:
        found = await desk.absences()
    if form == "json":
        print_json([_values(row) for row in found])
    elif found:
        print_table(_COLUMNS, [_cells(row) for row in found])
    else:
        note("There are none.")


@app.command
async def remove(absence: str, /, *, where: Administration = ADMINISTRATION) -> None:
    """Take an absence back: one's own, with the permission PM_SUPERVISOR anybody's.

    For example:

        placet absence remove 01a200b1db22707bb20b83d1ee190000

    Parameters
    ----------
    absence
        its id, as `placet absence list` shows it
    """
    async with where.desk() as desk:
        await desk.remove_absence(absence)
    say(f"Removed {absence}.")


def _delegate(row: AbsenceView) -> str:
    until = f" to {moment(row.to_at)}" if row.to_at else ""
    return f"{row.delegate.name} from {moment(row.from_at)}{until}"


def _cells(row: AbsenceView) -> list[str]:
    from placet.core.names import common_name

    of = common_name(row.definition) if row.definition else row.category or "everything"
    return [row.id, row.person.name, row.delegate.name, of, moment(row.from_at), moment(row.to_at)]


def _values(row: AbsenceView) -> dict[str, object]:
    return asdict(row) | {"person": row.person.dn, "delegate": row.delegate.dn}
