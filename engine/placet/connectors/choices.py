"""Choices of forms that connectors give: asked once for many, kept for the time that the form states."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from placet.clock import Clock
from placet.connectors.aside import LARGE, aside
from placet.connectors.caller import SUCCESS, Answer
from placet.connectors.catalog import Catalog
from placet.connectors.records import Connector
from placet.core.data_items import plain
from placet.core.expressions import READING, compile_expression
from placet.core.form_choices import MAX_ROWS, Answered, Answers, Question
from placet.errors import PlacetError
from placet.log import get_logger

log = get_logger("placet.connectors")

LONGEST_WAIT = 10.0  # seconds that somebody waits for a form
STALE = timedelta(hours=1)  # how long after their time rows are still offered where no others can be got
AGAIN = timedelta(seconds=5)  # after which a call that failed is made once more
MOST_KEPT = 500  # answers
MOST_CHARACTERS = 16_000_000  # of all answers that are kept
LONGEST = 1_000_000  # characters of the values and labels of one answer
LONGEST_INPUTS = 10_000  # characters of JSON


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: Sequence[Any]
    at: datetime
    size: int  # in characters


class _NotGiven(Exception):
    """A call gave no rows; the text is why, for the log."""


class LeftAlone(Exception):
    """A service is not called now; the text is why, as people are told."""


class Asks(Protocol):
    """Makes calls that somebody waits for, once and within the bounds of their service: `placet.jobs.asking.Asking`."""

    async def call(self, connector: Connector, inputs: Mapping[str, Any]) -> Answer:
        """The answer; raises `LeftAlone`, and what `placet.connectors.caller.Caller.call` raises."""


class ChoiceSource:
    """Answers the questions of forms."""

    def __init__(self, asks: Asks, catalog: Callable[[], Awaitable[Catalog]], clock: Clock) -> None:
        self._asks, self._catalog, self._clock = asks, catalog, clock
        self._kept: OrderedDict[Question, _Kept] = OrderedDict()
        self._failed: dict[Question, datetime] = {}
        self._asking: dict[Question, asyncio.Task[Answered]] = {}

    async def answers(self, questions: Collection[Question]) -> Answers:
        """The rows that answer each question, or why there are none; raises nothing of what other services do."""
        given = await asyncio.gather(*(self._answer(question) for question in questions))
        return dict(zip(questions, given, strict=True))

    async def close(self) -> None:
        """Give up what is being asked."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _answer(self, question: Question) -> Answered:
        if len(question.inputs) > LONGEST_INPUTS:
            return "Its choices depend on data that are too long to ask for them with; shorten those."
        kept, now = self._kept.get(question), self._clock.now()
        if kept is not None and timedelta(0) <= now - kept.at < question.cache:
            return kept.rows
        failed_at = self._failed.get(question)
        if failed_at is not None and timedelta(0) <= now - failed_at < AGAIN:
            return self._without(question)
        task = self._asking.get(question)
        if task is None:
            task = self._asking[question] = asyncio.create_task(self._ask(question))
            task.add_done_callback(lambda _: self._asking.pop(question, None))
        done, _ = await asyncio.wait({task}, timeout=LONGEST_WAIT)  # whoever goes away leaves the others their call
        return task.result() if done and not task.cancelled() else self._without(question)

    async def _ask(self, question: Question) -> Answered:
        try:
            rows = await self._rows(question)
            size = len(json.dumps(rows, ensure_ascii=False, default=str))
            if size > LONGEST:
                raise _NotGiven(f"its values and labels have more than {LONGEST:,} characters")
        except LeftAlone as reason:
            return self._without(question, f"; {reason}")
        except (PlacetError, _NotGiven) as failure:
            log.warning("no choices for a form", connector=question.connector, reason=str(failure))
            self._note_failure(question)
            return self._without(question)
        except Exception:
            log.exception("no choices for a form", connector=question.connector)
            self._note_failure(question)
            return self._without(question)
        self._failed.pop(question, None)
        self._keep(question, _Kept(rows, self._clock.now(), size))
        return rows

    def _keep(self, question: Question, answer: _Kept) -> None:
        """Keep an answer, and let go of those that are of no more use, and of the oldest where there are too many."""
        self._kept = OrderedDict(
            (asked, kept) for asked, kept in self._kept.items() if asked != question and self._is_of_use(asked, kept)
        )
        self._kept[question] = answer
        left = MOST_CHARACTERS - sum(kept.size for kept in self._kept.values())
        while left < 0 or len(self._kept) > MOST_KEPT:
            _, oldest = self._kept.popitem(last=False)
            left += oldest.size

    def _is_of_use(self, question: Question, kept: _Kept) -> bool:
        return self._clock.now() - kept.at < question.cache + STALE

    def _note_failure(self, question: Question) -> None:
        if len(self._failed) >= MOST_KEPT:
            self._failed.clear()
        self._failed[question] = self._clock.now()

    async def _rows(self, question: Question) -> Sequence[Any]:
        connector = (await self._catalog()).connector(question.connector)
        answer = await self._asks.call(connector, json.loads(question.inputs))
        if answer.outcome != SUCCESS:
            raise _NotGiven(answer.error or answer.outcome)
        rows = answer.response["result"]
        if question.rows is not None:
            expression, facts = compile_expression(question.rows), {"response": answer.response}
            rows = await aside(LARGE + 1, lambda: plain(expression.evaluate(facts, READING)))
        if not isinstance(rows, list):
            raise _NotGiven("what came back is no list of rows")
        # one row more tells that there are more, and a third cell tells nothing
        return [row[:2] if isinstance(row, list) else row for row in rows[: MAX_ROWS + 1]]

    def _without(self, question: Question, reason: str = "; try again in a moment.") -> Answered:
        """What there is where a call gives nothing: rows that are not too old, or else the reason."""
        kept = self._kept.get(question)
        if kept is not None and self._is_of_use(question, kept):
            return kept.rows
        return f"Its choices could not be got from {question.connector!r}{reason}"
