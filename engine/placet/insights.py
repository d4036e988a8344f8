"""What there is to know about the result of a query besides its rows: how many, of which kinds, how it is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from placet.core.access import Act
from placet.errors import InvalidFilter, InvalidInput
from placet.overview import Figures, Overview
from placet.queries import Queries, Question
from placet.query.complete import Candidates, candidates
from placet.query.fields import DEFINITIONS, USERS, FieldType
from placet.query.paths import find
from placet.query.query import Completion, Count, Explanation, Facet, Path, Query
from placet.query.reader import RESERVED
from placet.store import completing
from placet.store.asked import Asked
from placet.store.completing import Value
from placet.store.counting import EXACT_SECONDS, count_rows, count_values, estimate_rows, estimate_values
from placet.store.database import TookTooLong
from placet.store.explaining import explain
from placet.store.visible import Reader
from placet.store.world import World

T = TypeVar("T")
Find = Callable[[Any, World, Asked, Reader], T]

_MOST_VALUES = 1000  # of a facet
_WHOLE = (DEFINITIONS, USERS)  # never too many to count
_BARE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")  # what needs no quotes as a value


class Insights(Queries):
    """Rights are those of `Queries`: nobody learns of rows that he may not see, nor how many of them there are."""

    _figures: Figures

    async def count(
        self,
        query: str | Query = "",
        resource: str = "processes",
        *,
        actor: str | None = None,
        exact: bool = False,
        zone: str = "UTC",
    ) -> Count:
        """How many rows a query has, whatever its limit; estimated where counting takes more than a tenth of a second.

        With `exact` it is counted however long that takes.

        Raises `InvalidFilter`, `InvalidInput`, `NotAllowed` and `QueryTooSlow` as `query` does.
        """
        question = await self._question(query, resource, actor, zone)
        if exact:
            return await self._answer(question, count_rows)
        return await self._either(question, count_rows, estimate_rows)

    async def facet(
        self,
        field: str,
        query: str | Query = "",
        resource: str = "processes",
        *,
        actor: str | None = None,
        limit: int = 20,
        zone: str = "UTC",
    ) -> Facet:
        """How often each value of a field occurs in what a query finds: up to `limit` values, most often first.

        It is estimated where counting takes longer than a tenth of a second.

        Raises `InvalidFilter`, `InvalidInput`, `NotAllowed` and `QueryTooSlow` as `query` does, the first also for a
        field of times, or of which a row has several.
        """
        if not 1 <= limit <= _MOST_VALUES:
            raise InvalidInput(f"limit: {limit} does not work; give a number from 1 to {_MOST_VALUES}.")
        question = await self._question(query, resource, actor, zone)
        path = _counted(field, question)
        return await self._either(
            question, partial(count_values, path=path, most=limit), partial(estimate_values, path=path, most=limit)
        )

    async def explain(
        self, query: str | Query = "", resource: str = "processes", *, actor: str | None = None, zone: str = "UTC"
    ) -> Explanation:
        """How a query would be run for the actor: in the words of the language and of the database; it is not run.

        Raises `InvalidFilter`, `InvalidInput`, `NotAllowed` and `QueryTooSlow` as `query` does.
        """
        return await self._answer(await self._question(query, resource, actor, zone), explain)

    async def complete(
        self, text: str, at: int | None = None, resource: str = "processes", *, actor: str | None = None
    ) -> list[Completion]:
        """How a query can go on at the place `at`, its end unless said otherwise: words of the language, and values.

        Values of data items and the like are only told to who may see all processes, users to him and to who may list
        them.

        Raises `InvalidInput` for an unknown actor or resource; `NotAllowed` for users and incidents as `query` does.
        """
        question = await self._question("", resource, actor, "UTC")
        found = candidates(text, len(text) if at is None else max(0, at), question.asked.resource)
        if found.values_of is None and found.data_names is None:
            return list(found.completions)
        stored = await self._answer(question, partial(_stored_values, found=found))
        return [*stored, *found.completions]

    async def overview(self, *, actor: str | None = None) -> Overview:
        """The figures of all processes: exact for what is now, and for each past hour and day counted once.

        Raises `NotAllowed` without the permission PM_ALLCASES; `InvalidInput` for an unknown actor; `QueryTooSlow`.
        """
        await self._permitted(actor, Act.READ)
        return await self._figures.gather(partial(self._ask, at_length=True))

    async def _either(self, question: Question, count: Find[T], estimate: Find[T]) -> T:
        """What is counted, where that is quick, and otherwise estimated."""
        if question.asked.resource in _WHOLE:
            return await self._answer(question, count)
        try:
            return await self._ask(self._work(question, count), within=EXACT_SECONDS)
        except TookTooLong:
            return await self._answer(question, estimate)


def _counted(field: str, question: Question) -> Path:
    found = find(field, question.asked.resource)
    name = field if found.relation is None else f"{found.relation.name}.{found.field.name}"
    if found.relation is not None and not found.relation.single:
        raise InvalidFilter(f"There are several {found.relation.name} for each row; count by a field of the row.", name)
    if found.field.type is FieldType.TIME:
        raise InvalidFilter(f"{name} is a time; ask for groups instead: group by day({name}).", name)
    return Path(found.field, found.relation)


def _stored_values(tx: Any, world: World, asked: Asked, who: Reader, found: Candidates) -> list[Completion]:
    if found.data_names is not None:
        names = completing.data_names(tx, world, found.typed.removeprefix(found.data_names))
        return [Completion(found.start, found.data_names + each.text, each.kind, each.hint) for each in names]
    assert found.values_of is not None
    typed = found.typed.lstrip("'\"")
    values = completing.values_of(tx, world, who, asked.resource, found.values_of, typed)
    return [Completion(found.start, _written(each), each.kind, each.hint) for each in values]


def _written(value: Value) -> str:
    is_bare = _BARE.fullmatch(value.text) and value.text.casefold() not in RESERVED
    return value.text if is_bare else json.dumps(value.text, ensure_ascii=False)
