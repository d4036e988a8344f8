"""`placet engines …`: the nodes on a database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from placet.errors import Conflict
from placet_api.cli.columns import Column
from placet_api.cli.options import ANYWHERE, RUNNING, Anywhere, Format
from placet_api.cli.output import moment, note, print_json, print_table, say, status

if TYPE_CHECKING:
    from placet_api.cli.engine_desk import EngineView
    from placet_api.cli.output import Cell

app = App(name="engines", help="See which engines run on a database, and let one run empty.", group=RUNNING)

_COLUMNS = [
    Column("ID", least=8),
    Column("Status"),
    Column("Address", least=12),
    Column("Version", rank=2),
    Column("Since", rank=1),
    Column("Last heard of", rank=2),
    Column("Work"),
]
_LOOK_SECONDS = 0.25


@app.command(name="list")
async def list_(*, form: Format = "table", where: Anywhere = ANYWHERE) -> None:
    """List engines, those that live first; takes the permission PM_SETUP_ADVANCE, as all of this does.

    For example:

        placet engines list
    """
    from placet_api.cli.engine_desk import open_engines

    async with open_engines(where) as desk:
        found = await desk.every()
    if form == "json":
        print_json(found)
    elif found:
        print_table(_COLUMNS, [_row(each) for each in found])
    else:
        note("There are none.")


@app.command
async def drain(
    engine: str,
    /,
    *,
    wait: Annotated[bool, Parameter(name="--wait", negative="")] = False,
    where: Anywhere = ANYWHERE,
) -> None:
    """Have an engine take no more work, so that it can be stopped; it goes on answering requests until then.

    A balancer that asks /readyz sends it no more of them. It takes work again once it is restarted. For example:

        placet engines drain app-1-8080 --wait

    Parameters
    ----------
    engine
        its id, as `placet engines list` shows it
    wait
        return only once nothing of it runs any more
    """
    from placet_api.cli.engine_desk import open_engines

    async with open_engines(where) as desk:
        found = await desk.drain(engine)
        if not any(each.status == "Running" for each in await desk.every()):
            note("No engine runs now that takes work: timers, calls, mail and webhooks wait until one does.")
        while wait and not found.runs_nothing:
            await asyncio.sleep(_LOOK_SECONDS)
            found = await desk.one(engine)
            if found.draining_since is None and not found.runs_nothing:
                raise Conflict(f"{found.id} was started again meanwhile, and takes work; drain it again, or leave it.")
    if found.drained_at is None and found.status == "Timedout":
        say(f"{found.id} has not been heard of since {moment(found.beat_at)}. What it had begun is for the others.")
    elif found.runs_nothing:
        say(f"{found.id} is drained: nothing of it runs any more. Stop it when you like.")
    else:
        say(f"{found.id} takes no more work. `placet engines list` tells when nothing of it runs any more.")


def _row(engine: EngineView) -> list[Cell]:
    return [
        engine.id,
        status(engine.status),
        engine.address or engine.host,
        engine.version,
        moment(engine.started_at),
        moment(engine.beat_at),
        _work(engine),
    ]


def _work(engine: EngineView) -> str:
    if engine.status == "Draining":
        return "takes none" if engine.drained_at is None else f"none since {moment(engine.drained_at)}"
    return "takes it" if engine.status == "Running" else ""
