"""`placet incidents …`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import ANYWHERE, PROCESSES, ROWS, Anywhere, Data, Format, Rows
from placet_api.cli.output import heading, moment, print_fields, print_json, print_table, say

if TYPE_CHECKING:
    from placet_api.cli.views import IncidentView

app = App(name="incidents", help="See what could not be done, and try it again or go on without.", group=PROCESSES)

_COLUMNS = [
    Column("ID"),
    Column("At", least=16),
    Column("Since", rank=1),
    Column("Reason", least=24),
    Column("Resolved", rank=2),
]
_TRIES = [Column("At"), Column("Code"), Column("ms", right=True), Column("What came of it", least=20, wraps=True)]
_INPUT = Annotated[list[str] | None, Parameter(name="--input", negative="", metavar="NAME=VALUE")]


@app.command(name="list")
async def list_(
    *,
    process: Annotated[str | None, Parameter(metavar="ID")] = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    rows: Rows = ROWS,
    where: Anywhere = ANYWHERE,
) -> None:
    """List open incidents, oldest first; takes the permission PM_SUPERVISOR.

    For example:

        placet incidents list
        placet incidents list --process 01a200b1db22707bb20b83d1ee190000 --all

    Parameters
    ----------
    process
        only those of this process
    all_
        those that are resolved, too
    """
    from placet_api.cli.incident_backend import open_incidents
    from placet_api.cli.tables import print_list

    async with open_incidents(where) as incidents:
        await print_list(incidents.every(process, all_, rows.at_most), _COLUMNS, _row, rows)


@app.command
async def show(incident: str, /, *, where: Anywhere = ANYWHERE, form: Format = "table") -> None:
    """Show one incident: what was tried, when, and what came back.

    For example:

        placet incidents show 01a200b1db22707bb20b83d1ee190001

    Parameters
    ----------
    incident
        its id, as `placet incidents list` shows it
    """
    from placet_api.cli.incident_backend import open_incidents

    async with open_incidents(where) as incidents:
        found = await incidents.one(incident)
    if form == "json":
        print_json(found)
    else:
        _print(found)


@app.command
async def retry(incident: str, /, *, data: Data = None, input_: _INPUT = None, where: Anywhere = ANYWHERE) -> None:
    """Try again what failed, with changed data where some are given.

    A call with the same inputs goes with the same idempotency key, one with others with a new one. For example:

        placet incidents retry 01a200b1db22707bb20b83d1ee190001
        placet incidents retry 01a200b1db22707bb20b83d1ee190001 --input city=Bergen

    Parameters
    ----------
    incident
        its id, as `placet incidents list` shows it
    data
        a data item to change first, as name=value; name=@file takes a file's content
    input_
        an input for this call alone, as name=value, which is JSON where it reads as that; null leaves one out
    """
    from placet_api.cli.incident_backend import Change, open_incidents

    async with open_incidents(where) as incidents:
        await incidents.retry(incident, Change(data or (), _inputs(input_ or ())))
    say(f"Tried again: {incident}.")


@app.command
async def skip(
    incident: str,
    /,
    *,
    result: Annotated[str | None, Parameter(metavar="JSON")] = None,
    where: Anywhere = ANYWHERE,
) -> None:
    """Go on without what failed; the process goes on as if it had worked.

    For example:

        placet incidents skip 01a200b1db22707bb20b83d1ee190001 --result '{"id": 7}'

    Parameters
    ----------
    incident
        its id, as `placet incidents list` shows it
    result
        what stands for the answer, or @file: the outputs are made of it; without it there are none
    """
    from placet_api.cli.incident_backend import open_incidents

    given = None if result is None else _json(result)
    async with open_incidents(where) as incidents:
        await incidents.skip(incident, given)
    say(f"Skipped {incident}.")


def _inputs(texts: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise WrongUsage(f"--input {text!r} has no name; write --input name=value, for example --input city=Oslo.")
        try:
            given[name] = json.loads(value)
        except (ValueError, RecursionError):
            given[name] = value
    return given


def _json(text: str) -> Any:
    text = Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise WrongUsage("--result takes JSON, such as '[1, 2]' or '\"a text\"'.") from None


def _row(found: IncidentView) -> list[str]:
    resolved = f"{found.resolution} {moment(found.resolved_at)}".strip()
    at = f"{found.definition.name}: {found.activity_name or found.kind}"
    return [found.id, at, moment(found.opened_at), found.reason, resolved]


def _print(found: IncidentView) -> None:
    print_fields(
        [
            ("Incident", found.id),
            ("Process", found.process_id),
            ("Definition", found.definition.name),
            ("Activity", found.activity_name),
            ("Since", moment(found.opened_at)),
            ("Reason", found.reason),
            ("Connector", found.connector),
            ("Inputs", _shown(found.inputs) if found.inputs else ""),
            ("Idempotency key", found.idempotency_key),
            ("Resolved", f"{found.resolution} {moment(found.resolved_at)}".strip()),
            ("By", found.resolved_by.name if found.resolved_by else ""),
        ]
    )
    if found.tries:
        heading("Tries")
        print_table(_TRIES, [[moment(each.at), each.code, str(each.ms), each.error] for each in found.tries])
    if found.response:
        heading("What came back last")
        print_fields([(name, _shown(value)) for name, value in found.response.items() if value is not None])


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
