"""A webhook: who is told of which events, where, and by which secret he knows that it is us."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches

from placet.core.events import NUMBERS
from placet.errors import InvalidFilter, InvalidInput
from placet.query.ast import Node, all_of, resolve_me
from placet.query.criterion import parse_criterion
from placet.query.fields import PROCESSES
from placet.query.parser import parse_condition

LONGEST_URL = 2_000
SHORTEST_SECRET, LONGEST_SECRET = 16, 200
#: How long deliveries are signed by the secret before as well.
BOTH_SECRETS = timedelta(days=1)

_GROUPS = tuple(dict.fromkeys(f"{kind.partition('.')[0]}.*" for kind in NUMBERS))


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription; without `events` it is told of all, and `wanted` is its `filter` as it was read."""

    id: str
    name: str
    url: str = field(repr=False)  # others put secrets into theirs
    events: Sequence[str] = ()
    filter: str = ""
    wanted: Node | None = field(default=None, repr=False)
    sealed: bytes = field(default=b"", repr=False)
    active: bool = True
    trouble: str | None = None
    revision: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def asks_for(self, kind: str) -> bool:
        """Whether it is told of events of a kind."""
        return not self.events or kind in self.events or f"{kind.partition('.')[0]}.*" in self.events


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for of a webhook: `events` are kinds, or `work_item.*` for a whole group; none are all."""

    name: str
    url: str = field(repr=False)
    events: Sequence[str] = ()
    filter: str = ""
    active: bool = True


def checked_events(events: Iterable[str]) -> list[str]:
    """Kinds of events, each once; raises `InvalidInput` for one that there is not."""
    known = [*NUMBERS, *_GROUPS]
    asked = list(dict.fromkeys(events))
    for each in asked:
        if each not in known:
            near = get_close_matches(each[:100], known, n=2)
            ways = f"did you mean {' or '.join(map(repr, near))}?" if near else f"the groups are {', '.join(_GROUPS)}."
            raise InvalidInput(f"There is no kind of event {each[:100]!r}; {ways}")
    return asked


def parse_filter(text: str) -> Node | None:
    """The condition on processes that a filter states in the query language, or several, one on each line.

    A line may also be a criterion, `Name=Value`. Raises `InvalidFilter`, and `InvalidInput` where it speaks of whoever
    asks.
    """
    wanted = _read(text)
    if wanted is not None and resolve_me(wanted, "") != wanted:
        raise InvalidInput("The filter says me or self, and a webhook is nobody; name the person, such as cn=anna,….")
    return wanted


def _read(text: str) -> Node | None:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return parse_condition(text, PROCESSES)
    except InvalidFilter:
        return all_of(map(_read_line, lines))


def _read_line(text: str) -> Node:
    try:
        wanted = parse_condition(text, PROCESSES)
        assert wanted is not None  # a line that is not empty
        return wanted
    except InvalidFilter as failure:
        try:
            return parse_criterion(text.strip(), PROCESSES)
        except InvalidFilter:
            raise failure from None
