"""Forms as they are filled in: which fields are shown, which can be changed, and from what one can choose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from placet.core.definition import Approval, DataItem, Definition
from placet.core.expressions import Expression
from placet.core.form import Field, Form
from placet.core.form_choices import Answers, ChoicesWanted, Found, Question, choices_of, question_of
from placet.core.records import WorkItem
from placet.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form on the table: the data as it is stored, what is to change of it, and what expressions may see.

    `writable` are the data items that may be changed here at all; `changes` are stored forms, None for what is emptied.
    """

    form: Form
    definition: Definition
    stored: Mapping[str, Any]
    writable: Collection[str]
    facts: Mapping[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def merged(self) -> dict[str, Any]:
        """The data as it would be."""
        merged = {**self.stored, **self.changes}
        return {name: value for name, value in merged.items() if value is not None}


@dataclass(frozen=True, slots=True)
class FieldState:
    """A field as it stands: `stored` is what it has, `value` what it would have; `choices` None takes anything.

    One that `asks_anew` has choices that depend on what is being changed: what is stored may be none of them.
    """

    field: Field
    item: DataItem
    visible: bool
    read_only: bool
    required: bool
    stored: Any
    value: Any
    choices: Found | None
    asks_anew: bool = False

    @property
    def name(self) -> str:
        return self.field.item

    @property
    def editable(self) -> bool:
        """Whether it may be changed: neither hidden nor read-only."""
        return self.visible and not self.read_only


def request_form(definition: Definition) -> Form:
    """What is asked of whoever starts a process: as declared, or else every data item that can be given."""
    return definition.form or _derived(definition)


def approval_form(definition: Definition, approval: Approval, item: WorkItem) -> Form:
    """What a work item shows: that of its approval, or of the request where that came back to its initiator."""
    return declared_form(definition, approval, item) or _derived(definition)


def declared_form(definition: Definition, approval: Approval, item: WorkItem) -> Form | None:
    """The form that the definition has for a work item; None where it says no more than the data items do."""
    return definition.form if item.returned else approval.form


def writable_items(definition: Definition, approval: Approval, item: WorkItem) -> Collection[str]:
    """The data items that may be changed with the answer to a work item."""
    return definition.asked.keys() if item.returned else approval.writes


def _derived(definition: Definition) -> Form:
    fields = {
        name: Field(item=name, helps={"en": item.description} if item.description else {}, required=item.required)
        for name, item in definition.asked.items()
    }
    return Form(fields)


def fill_in(sheet: Sheet, answers: Answers, choosing: Collection[str] | None = None) -> list[FieldState]:
    """Every field as it stands, in their order.

    Choices are looked up for the fields that can be changed, with `choosing` only for those of them and where choices
    become others. Raises ChoicesWanted with every question that `answers` leaves open.
    """
    facts = {**sheet.facts, "data": sheet.merged}
    states = [_state(sheet, field, facts) for field in sheet.form.fields.values()]
    asked = [state for state in states if state.editable and (choosing is None or _is_chosen(state, choosing))]
    questions = {question_of(state.field, facts) for state in asked}
    wanted = {each for each in questions if isinstance(each, Question) and each not in answers}
    if wanted:
        raise ChoicesWanted(wanted)
    choices = {state.name: choices_of(state.field, state.item, sheet.stored, facts, answers) for state in asked}
    return [replace(state, choices=choices.get(state.name)) for state in states]


def _is_chosen(state: FieldState, choosing: Collection[str]) -> bool:
    return state.name in choosing or (state.asks_anew and state.value is not None)


def _state(sheet: Sheet, field: Field, facts: Mapping[str, Any]) -> FieldState:
    item = sheet.definition.data[field.item]
    return FieldState(
        field=field,
        item=item,
        visible=_holds(field.visible, facts, without=True, failing=False),
        read_only=field.item not in sheet.writable or _holds(field.read_only, facts, without=False, failing=True),
        required=field.required or item.required,
        stored=sheet.stored.get(field.item),
        value=facts["data"].get(field.item),
        choices=None,
        asks_anew=bool(sheet.changes) and _asks_anew(sheet, field, facts),
    )


def _asks_anew(sheet: Sheet, field: Field, facts: Mapping[str, Any]) -> bool:
    """Whether a connector is asked something else for a field than it was before the changes."""
    return question_of(field, facts) != question_of(field, {**facts, "data": sheet.stored})


def _holds(expression: Expression | None, facts: Mapping[str, Any], *, without: bool, failing: bool) -> bool:
    """Whether an expression gives true; one that fails, mostly because an item is missing yet, keeps the field shut."""
    if expression is None:
        return without
    try:
        return expression.evaluate(facts) is True
    except ExpressionError:
        return failing
