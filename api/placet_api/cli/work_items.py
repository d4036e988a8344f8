"""`placet inbox`, `approve`, `deny` and `act`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from placet_api.cli.backend import Answer
from placet_api.cli.options import ANYWHERE, ANYWHERE_NAMED, ROWS, Anywhere, AnywhereNamed, Data, Format, Rows
from placet_api.cli.output import print_json, say
from placet_api.cli.tables import print_work_items

Item: TypeAlias = Annotated[str, Parameter(help="the id of the work item")]
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


@Parameter(name="*")
@dataclass(frozen=True)
class Said:
    """What goes with an answer."""

    comment: Annotated[str | None, Parameter(metavar="TEXT")] = None
    """goes on the trail of the process"""
    data: Data = None
    """a data item to change, as name=value; once more for a further value; name=@file takes a file's content"""

    def answer(self, action: Action, to: str | None = None) -> Answer:
        return Answer(action, self.comment, to, self.data or ())


SAID = Said()


async def inbox(
    *,
    user: Annotated[str | None, Parameter(metavar="USER")] = None,
    rows: Rows = ROWS,
    where: Anywhere = ANYWHERE,
) -> None:
    """List what waits for somebody, himself or through his groups, oldest first.

    For example:

        placet inbox --as ben

    Parameters
    ----------
    user
        whose, a user name or DN [default: whoever acts]
    """
    async with where.backend() as backend:
        await print_work_items(backend.inbox(user, rows.at_most), rows)


async def approve(
    item: Item, /, *, said: Said = SAID, where: AnywhereNamed = ANYWHERE_NAMED, form: Format = "table"
) -> None:
    """Approve a work item.

    For example:

        placet approve 01a200b1db22707bb20b83d1ee190001 --as ben --comment Enjoy
    """
    await _act(item, said.answer("approve"), where, form)


async def deny(
    item: Item, /, *, said: Said = SAID, where: AnywhereNamed = ANYWHERE_NAMED, form: Format = "table"
) -> None:
    """Deny a work item.

    For example:

        placet deny 01a200b1db22707bb20b83d1ee190001 --as ben --comment Sorry
    """
    await _act(item, said.answer("deny"), where, form)


async def act(
    item: Item,
    action: Action,
    /,
    *,
    to: Annotated[str | None, Parameter(metavar="USER")] = None,
    said: Said = SAID,
    where: AnywhereNamed = ANYWHERE_NAMED,
    form: Format = "table",
) -> None:
    """Do anything that can be done with a work item.

    For example:

        placet act 01a200b1db22707bb20b83d1ee190001 claim --as ben
        placet act 01a200b1db22707bb20b83d1ee190001 reassign --as admin --to samir

    Parameters
    ----------
    action
        what to do
    to
        to reassign it, the new addressee: a user or a group; only an administrator reassigns
    """
    await _act(item, said.answer(action, to), where, form)


async def _act(item: str, answer: Answer, where: AnywhereNamed, form: Format) -> None:
    async with where.backend() as backend:
        done = await backend.act(item, answer)
        if form == "json":
            print_json(done)
            return
        process = (await backend.process(done.process_id)).process
    say(f"{_DONE[answer.action]} {done.definition.name}: {done.activity_name}.")
    say(f"The process {process.id} of {process.initiator.name} is {process.status.lower()}.")
