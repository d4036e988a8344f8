"""`placet query`: whatever can be searched, in the words of the query language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from placet.errors import InvalidFilter
from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import ANYWHERE, AT_MOST, Anywhere
from placet_api.cli.output import note

if TYPE_CHECKING:
    from placet_api.cli.query_desk import QueryDesk, Question

Resource = Literal["processes", "workitems", "events", "incidents", "definitions", "users"]
Form = Literal["table", "json", "ndjson", "csv"]


@Parameter(name="*")
@dataclass(frozen=True)
class Shown:
    """How much of a result is shown, and as what."""

    form: Annotated[Form, Parameter(name="--format", help="for people, or for programs")] = "table"
    limit: Annotated[int | None, Parameter(name="--limit", validator=Number(gte=0), metavar="N")] = None
    """so many at most; 0 for all [default: 100 in a table, all otherwise]"""

    @property
    def at_most(self) -> int | None:
        """How many rows are asked for; None is all."""
        if self.limit is None:
            return AT_MOST if self.form == "table" else None
        return self.limit or None


@Parameter(name="*")
@dataclass(frozen=True)
class Instead:
    """What is shown instead of the rows, and what else is done."""

    count: Annotated[bool, Parameter(negative="")] = False
    """how many rows there are, or about how many where counting them all would take too long"""
    explain: Annotated[bool, Parameter(negative="")] = False
    """how the query is run: its canonical text, its SQL, and which index serves it"""
    watch: Annotated[bool, Parameter(negative="")] = False
    """go on: each row that is new or has changed, as it happens, until Ctrl-C"""
    after: Annotated[str | None, Parameter(metavar="POSITION")] = None
    """with --watch --of events, begin behind this position, as json has it; 0-0 begins with the first event"""
    view: Annotated[str | None, Parameter(metavar="NAME")] = None
    """the saved view of that name or id, in place of a query"""
    save: Annotated[str | None, Parameter(metavar="NAME")] = None
    """keep the query as a view of this name"""
    shared: Annotated[bool, Parameter(negative="")] = False
    """with --save, let everybody use the view, each with what he may see"""


async def query(
    *text: str,
    of: Annotated[Resource, Parameter(name="--of", metavar="RESOURCE")] = "processes",
    shown: Shown = Shown(),  # frozen
    instead: Instead = Instead(),
    where: Anywhere = ANYWHERE,
) -> None:
    """Search processes, work items, events, incidents, definitions or users.

    Several words are one query, so that quotes are only needed for what the shell reads itself. For example:

        placet query "ProcessStatus = Running and CreationTime >= -7d"
        placet query --of workitems "Status = Open" --as ben
        placet query --of events --watch --format ndjson
        placet query group by Definition --format csv

    Parameters
    ----------
    text
        a query; also a filter as /v1/wf takes it, Name=Value, of which several must all hold
    of
        what is searched
    """
    from placet_api.cli.query_desk import open_queries
    from placet_api.cli.questions import as_typed, read_question

    _check(text, instead, of)
    async with open_queries(where) as desk:
        said, resource = " ".join(text), str(of)
        if instead.view is not None:
            found = await desk.view(instead.view)
            said, resource = found.query, found.resource
            text = (said,)
        asked = read_question(text, resource)
        if instead.save is not None:
            kept = await desk.save(instead.save, resource, said, instead.shared)
            note(f"Saved as {kept.name}.")
        try:
            await _show(desk, asked, shown, instead)
        except InvalidFilter as refusal:
            raise as_typed(refusal, said, resource) from None


def _check(text: Sequence[str], instead: Instead, of: str) -> None:
    if sum((instead.count, instead.explain, instead.watch)) > 1:
        raise WrongUsage("Of --count, --explain and --watch only one works at a time.")
    if instead.view is not None and (text or of != "processes"):
        raise WrongUsage("--view has its own query; leave the text and --of out.")
    if instead.shared and instead.save is None:
        raise WrongUsage("--shared goes with --save NAME.")
    if instead.after is not None and not (instead.watch and of == "events"):
        raise WrongUsage("--after goes with --watch --of events.")


async def _show(desk: QueryDesk, asked: Question, shown: Shown, instead: Instead) -> None:
    from placet_api.cli.results import print_count, print_explanation, print_result
    from placet_api.cli.watch import watch

    if instead.count:
        print_count(await desk.count(asked), shown.form)
    elif instead.explain:
        print_explanation(await desk.explain(asked), shown.form)
    elif instead.watch:
        await watch(desk, asked, shown, instead.after)
    else:
        await print_result(desk, asked, shown)
