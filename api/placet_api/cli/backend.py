"""What commands ask for: one port, answered by an engine on a database or by a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol

from placet.errors import NotFound
from placet_api.cli.views import DefinitionView, FieldView, ProcessDetails, ProcessView, WorkItemView


@dataclass(frozen=True)
class Start:
    """A process that is asked for; `data` as `placet_api.cli.data` reads it."""

    definition: DefinitionView
    recipient: str | None = None
    initiator: str | None = None
    correlation_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What is to be done with a work item; `to` is the new addressee of a reassignment."""

    action: str
    comment: str | None = None
    to: str | None = None
    data: Sequence[str] = ()


def no_definition(name: str, known: Iterable[str]) -> NotFound:
    """The refusal of a definition that there is not; it names the nearest ones, or else all."""
    names = {each.casefold(): each for each in known}
    asked = name.casefold()
    near = get_close_matches(asked, names) or [each for each in names if asked in each]
    if near:
        ways = f"did you mean {' or '.join(repr(names[each]) for each in near)}?"
    else:
        ways = f"there are: {', '.join(names.values())}." if names else "there are none yet."
    return NotFound(f"There is no definition {name[:100]!r}; {ways}")


class Backend(Protocol):
    """Every method may raise the errors of `placet.errors`."""

    async def definitions(self) -> list[DefinitionView]: ...

    async def definition(self, name: str) -> DefinitionView:
        """One definition by name, DN or GUID."""

    async def form(self, name: str) -> list[FieldView]:
        """The fields by which a definition is started, in their order."""

    async def start(self, wanted: Start) -> ProcessView: ...

    def inbox(self, user: str | None, limit: int | None) -> AsyncIterator[WorkItemView]:
        """What waits for somebody, himself or through his groups, oldest first; None is whoever acts.

        A limit of None gives all.
        """

    async def process(self, process_id: str) -> ProcessDetails: ...

    async def terminate(self, process_id: str, reason: str | None) -> None: ...

    async def pause(self, process_id: str) -> None: ...

    async def resume(self, process_id: str) -> None: ...

    async def act(self, item_id: str, answer: Answer) -> WorkItemView: ...
