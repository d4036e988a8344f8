"""`placet inbox`, `approve`, `deny` and `act`."""

from __future__ import annotations

from typing import Literal

from placet_api.cli.backend import Answer
from placet_api.cli.options import ANYWHERE, Anywhere, Data, Format
from placet_api.cli.output import print_json, print_rows, say
from placet_api.cli.tables import WORK_ITEM_COLUMNS, work_item_row

Action = Literal["approve", "deny", "refuse", "claim", "release", "reassign", "comment", "return"]

_DONE = {
    "approve": "Approved",
    "deny": "Denied",
    "refuse": "Refused",
    "claim": "Claimed",
    "release": "Released",
    "reassign": "Reassigned",
    "comment": "Commented on",
    "return": "Returned for changes",
}


async def inbox(
    *,
    user: str | None = None,
    limit: int | None = None,
    where: Anywhere = ANYWHERE,
    form: Format = "table",
) -> None:
    """List what waits for somebody, himself or through his groups, oldest first.

    Parameters
    ----------
    user
        whose, a user name or DN [default: whoever acts]
    limit
        so many at most [default: all]
    """
    async with where.backend() as backend:
        await print_rows(backend.inbox(user, limit or None), WORK_ITEM_COLUMNS, work_item_row, form)


async def approve(
    item: str,
    /,
    *,
    comment: str | None = None,
    data: Data = None,
    where: Anywhere = ANYWHERE,
    form: Format = "table",
) -> None:
    """Approve a work item.

    Parameters
    ----------
    item
        the id of the work item
    comment
        goes on the trail of the process
    data
        a data item to change, as name=value; once more for a further value; name=@file takes a file's content
    """
    await _act(item, Answer("approve", comment, data=data or ()), where, form)


async def deny(
    item: str,
    /,
    *,
    comment: str | None = None,
    data: Data = None,
    where: Anywhere = ANYWHERE,
    form: Format = "table",
) -> None:
    """Deny a work item.

    Parameters
    ----------
    item
        the id of the work item
    comment
        goes on the trail of the process
    data
        a data item to change, as name=value; once more for a further value; name=@file takes a file's content
    """
    await _act(item, Answer("deny", comment, data=data or ()), where, form)


async def act(
    item: str,
    action: Action,
    /,
    *,
    to: str | None = None,
    comment: str | None = None,
    data: Data = None,
    where: Anywhere = ANYWHERE,
    form: Format = "table",
) -> None:
    """Do anything that can be done with a work item.

    Parameters
    ----------
    item
        the id of the work item
    to
        to reassign it, the new addressee: a user or a group
    comment
        goes on the trail of the process
    data
        a data item to change, as name=value; once more for a further value; name=@file takes a file's content
    """
    await _act(item, Answer(action, comment, to, data or ()), where, form)


async def _act(item: str, answer: Answer, where: Anywhere, form: Format) -> None:
    async with where.backend() as backend:
        done = await backend.act(item, answer)
        if form == "json":
            print_json(done)
            return
        process = (await backend.process(done.process_id)).process
    say(f"{_DONE[answer.action]} {done.definition.name}: {done.activity_name}.")
    say(f"The process {process.id} of {process.initiator.name} is {process.status.lower()}.")
