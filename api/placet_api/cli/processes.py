"""`placet start` and `placet process …`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Parameter

from placet_api.cli.options import ANYWHERE, PROCESSES, Anywhere, Data, Format
from placet_api.cli.output import print_json, print_table, say
from placet_api.cli.tables import PROCESS_COLUMNS, print_process, process_row

app = App(name="process", help="Show a process; terminate, pause or resume it.", group=PROCESSES)


@Parameter(name="*")
@dataclass(frozen=True)
class Wanted:
    """What a process may be started with."""

    recipient: Annotated[str | None, Parameter(metavar="USER")] = None
    """whom it is for, a user name or DN [default: the initiator]"""
    data: Data = None
    """a data item as name=value; once more for a further value; name=@file takes a file's content"""
    initiator: Annotated[str | None, Parameter(metavar="USER")] = None
    """who asks, where the engine itself starts it; not with --server"""
    correlation_id: Annotated[str | None, Parameter(metavar="TEXT")] = None
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

    For example:

        placet start "Leave request" --as anna --data days=3 --data reason=Rest
        placet start "Role Approval" --initiator anna --recipient samir

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


@app.command
async def show(process: str, /, *, where: Anywhere = ANYWHERE, form: Format = "table") -> None:
    """Show one process: its data, what waits, what happened.

    For example:

        placet process show 01a200b1db22707bb20b83d1ee190000 --as anna

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
async def terminate(
    process: str,
    /,
    *,
    reason: Annotated[str | None, Parameter(metavar="TEXT")] = None,
    where: Anywhere = ANYWHERE,
) -> None:
    """End a process as Terminated and Retracted.

    For example:

        placet process terminate 01a200b1db22707bb20b83d1ee190000 --as anna

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

    For example:

        placet process pause 01a200b1db22707bb20b83d1ee190000 --as admin

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

    For example:

        placet process resume 01a200b1db22707bb20b83d1ee190000 --as admin

    Parameters
    ----------
    process
        the id of the process
    """
    async with where.backend() as backend:
        await backend.resume(process)
    say(f"Resumed {process}.")
