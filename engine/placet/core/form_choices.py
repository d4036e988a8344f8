"""Choices of fields: those that a definition lists, those that a data item holds, and the questions to connectors."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias, assert_never

from placet.core.data_items import canonical, plain
from placet.core.definition import DataItem
from placet.core.form import ConnectorChoices, DataChoices, Field, ListedChoices, Option
from placet.errors import ExpressionError, InvalidData, PlacetError

MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Question:
    """What a connector is asked for choices: its name, its inputs as JSON, and the expression that makes rows."""

    connector: str
    inputs: str
    rows: str | None
    cache: timedelta


#: The rows that answer a question, or why there are none, as people are told.
Answered: TypeAlias = "Sequence[Any] | str"
Answers: TypeAlias = Mapping[Question, Answered]


class ChoicesWanted(PlacetError):
    """A decision cannot be made without the answers to these questions; whoever sent the command gets them."""

    code = "choices-wanted"

    def __init__(self, questions: Collection[Question]) -> None:
        super().__init__("The choices of a form have to be asked for first.")
        self.questions = frozenset(questions)


@dataclass(frozen=True, slots=True)
class Found:
    """The choices of a field, and what is wrong with them, as people are told; "" where nothing is."""

    options: tuple[Option, ...] = ()
    fault: str = ""


def question_of(field: Field, facts: Mapping[str, Any]) -> Question | str | None:
    """What a field asks of a connector, or why it cannot be asked yet; None where it asks nothing."""
    choices = field.choices
    if not isinstance(choices, ConnectorChoices):
        return None
    try:
        inputs = plain({name: expression.evaluate(facts) for name, expression in choices.inputs.items()})
    except ExpressionError:
        return "Its choices depend on data that has not been given yet."
    rows = None if choices.rows is None else choices.rows.source
    return Question(choices.connector, json.dumps(inputs, sort_keys=True), rows, choices.cache)


def choices_of(
    field: Field, item: DataItem, stored: Mapping[str, Any], facts: Mapping[str, Any], answers: Answers
) -> Found | None:
    """The choices of a field, None where it takes anything.

    `stored` is the data as it is without what is being submitted, so that nobody brings along his own choices. Raises
    ChoicesWanted where an answer is missing.
    """
    match field.choices:
        case None:
            return None
        case ListedChoices(options):
            return Found(options)
        case DataChoices(name):
            return options_of(stored.get(name) or (), item)
        case ConnectorChoices():
            question = question_of(field, facts)
            assert question is not None
            if isinstance(question, str):
                return Found(fault=question)
            if question not in answers:
                raise ChoicesWanted({question})
            answered = answers[question]
            return Found(fault=answered) if isinstance(answered, str) else options_of(answered, item)
        case _:
            assert_never(field.choices)


def options_of(rows: Any, item: DataItem) -> Found:
    """The choices that rows give: the value is the first of a row, its label the second, what is missing ""."""
    if not isinstance(rows, (list, tuple)):
        return Found(fault="Its choices are no list of [value, label] rows.")
    options: list[Option] = []
    unusable = 0
    for row in rows[:MAX_ROWS]:
        cells = row if isinstance(row, (list, tuple)) else (row,)
        value, label = (*cells[:2], "", "")[:2]
        try:
            options.append(Option(one_value(item, value), {"": _text(label)}))
        except InvalidData:
            unusable += 1
    fault = f"{unusable} of its choices cannot be values of {item.name!r}." if unusable else ""
    if len(rows) > MAX_ROWS:
        fault = f"It has more than {MAX_ROWS:,} choices; the first {MAX_ROWS:,} are offered."
    return Found(tuple(options), fault)


def one_value(item: DataItem, given: Any) -> Any:
    """The stored form of one value of an item, "" for nothing; raises InvalidData."""
    if isinstance(given, (list, tuple)):
        raise InvalidData(item.name, "A choice has one value.")
    value = canonical(item, given)
    if value is None:
        return ""
    return value[0] if item.multi_valued else value


def _text(label: Any) -> str:
    return "" if label is None else label if isinstance(label, str) else json.dumps(label, ensure_ascii=False)
