"""`placet start`, `placet query` and `placet process …`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Parameter

from placet_api.cli.options import ANYWHERE, PROCESSES, Anywhere, Data, Format, Limit
from placet_api.cli.output import note, print_json, print_rows, print_table, say
from placet_api.cli.tables import PROCESS_COLUMNS, WORK_ITEM_COLUMNS, print_process, process_row, work_item_row

AT_MOST = 100  # rows of a table, unless --limit says otherwise

app = App(name="process", help="Show a process; terminate, pause or resume it.", group=PROCESSES)


@Parameter(name="*")
@dataclass(frozen=True)
class Wanted:
    """What a process may be started with."""

    recipient: str | None = None
    """whom it is for, a user name or DN [default: the initiator]"""
    data: Data = None
    """a data item as name=value; once more for a further value; name=@file takes a file's content"""
    initiator: str | None = None
    """who asks, where the engine itself starts it"""
    correlation_id: str | None = None
    """what another system knows the process by"""


async def start(
    definition: str,
    /,
    *,
    wanted: Wanted = Wanted(),  # frozen
    where: Anywhere = ANYWHERE,
    form: Format = "table",
) -> None:
    """Start a process of a definition and print it.

    Parameters
    ----------
    definition
        its name, DN or GUID
    """
    from placet_api.cli.backend import Start
    from placet_api.cli.data import read_data

    async with where.backend() as backend:
        found = await backend.definition(definition)
        values = read_data(wanted.data or (), found.data)
        started = await backend.start(Start(found, wanted.recipient, wanted.initiator, wanted.correlation_id, values))
    if form == "json":
        print_json(started)
    else:
        print_table(PROCESS_COLUMNS, [process_row(started)])


async def query(
    *filters: str,
    items: Annotated[bool, Parameter(negative="")] = False,
    limit: Limit = None,
    where: Anywhere = ANYWHERE,
    form: Format = "table",
) -> None:
    """List processes, newest first, or work items, oldest first.

    Parameters
    ----------
    filters
        Name=Value, for example ProcessStatus=Running or Initiator=cn=anna,ou=users,o=placet; a time takes an operator
        behind it: CreationTime=2026-03-02T09:00:00ZGE. All of them must hold.
    items
        work items instead of processes: the open ones, unless a filter asks for a Status
    limit
        so many at most; 0 for all [default: 100 in a table, all as json]
    """
    wanted = (AT_MOST if form == "table" else None) if limit is None else (limit or None)
    async with where.backend() as backend:
        if items:
            found = backend.work_items(filters, wanted)
            count = await print_rows(found, WORK_ITEM_COLUMNS, work_item_row, form)
        else:
            count = await print_rows(backend.processes(filters, wanted), PROCESS_COLUMNS, process_row, form)
    if form == "table" and count == wanted:
        note(f"These are {count}; there may be more: --limit 0 shows all.")


@app.command
async def show(process: str, /, *, where: Anywhere = ANYWHERE, form: Format = "table") -> None:
    """Show one process: its data, what waits, what happened.

    Parameters
    ----------
    process
        the id of the process
    """
    async with where.backend() as backend:
        details = await backend.process(process)
    if form == "json":
        print_json(details)
    else:
        print_process(details)


@app.command
async def terminate(process: str, /, *, reason: str | None = None, where: Anywhere = ANYWHERE) -> None:
    """End a process as Terminated and Retracted.

    Parameters
    ----------
    process
        the id of the process
    reason
        why, for its trail
    """
    async with where.backend() as backend:
        await backend.terminate(process, reason)
    say(f"Terminated {process}.")


@app.command
async def pause(process: str, /, *, where: Anywhere = ANYWHERE) -> None:
    """Stop a process: nobody can act on it and its timers stand still, until it is resumed.

    Parameters
    ----------
    process
        the id of the process
    """
    async with where.backend() as backend:
        await backend.pause(process)
    say(f"Paused {process}.")


@app.command
async def resume(process: str, /, *, where: Anywhere = ANYWHERE) -> None:
    """Let a paused process go on.

    Parameters
    ----------
    process
        the id of the process
    """
    async with where.backend() as backend:
        await backend.resume(process)
    say(f"Resumed {process}.")
