"""Checking what is submitted against a form: every fault is named at once, by data item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from placet.commands import ActOnWorkItem, StartProcess
from placet.core.data_items import Checked, check_start, read_change, read_start
from placet.core.data_values import shown
from placet.core.definition import Approval
from placet.core.draft import Draft
from placet.core.expressions import data_references
from placet.core.form_choices import Answers
from placet.core.forms import FieldState, Sheet, declared_form, fill_in, writable_items
from placet.core.records import WorkItem
from placet.core.statuses import Action

_MOST_SHOWN = 10  # choices in one message
_FILLED_IN = frozenset({Action.APPROVE, Action.DENY})  # who returns a request leaves it to others


def checked_start(draft: Draft, command: StartProcess) -> dict[str, Any]:
    """The data of a process that is being started; raises InvalidData, and ChoicesWanted until it has the choices.

    A process that starts another fills in no form.
    """
    definition = draft.definition
    if definition.form is None or command.parent is not None:
        return check_start(definition, command.data)
    checked = read_start(definition, command.data)
    sheet = Sheet(definition.form, definition, {}, definition.asked.keys(), draft.expression_facts())
    return check(sheet, checked, command.choices)


def checked_answer(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> dict[str, Any]:
    """What an answer to a work item changes; raises as `checked_start` does."""
    definition, stored = draft.definition, draft.process.data
    form, writable = declared_form(definition, approval, item), writable_items(definition, approval, item)
    checked = read_change(definition, command.data, writable, stored)
    if form is None:
        return checked.require()
    sheet = Sheet(form, definition, stored, writable, draft.expression_facts())
    is_withdrawn = item.returned and command.action is Action.DENY
    return check(sheet, checked, command.choices, complete=command.action in _FILLED_IN and not is_withdrawn)


def check(sheet: Sheet, checked: Checked, answers: Answers, *, complete: bool = True) -> dict[str, Any]:
    """The checked values of what was filled in, with `complete` once nothing required is missing.

    Raises InvalidData with every fault, and ChoicesWanted where choices are not known yet.
    """
    sheet = replace(sheet, changes=checked.values)
    faults = dict(checked.faults)
    for name in checked.values:
        if name not in sheet.form.fields:
            faults[name] = f"The form does not ask for {name!r}; leave it out."
    for state in fill_in(sheet, answers, choosing=checked.values.keys()):
        fault = _fault_of(state, checked.values, complete)
        if fault and not _is_doubtful(state, checked.faults):
            faults.setdefault(state.name, fault)
    return Checked(checked.values, faults).require()


def _is_doubtful(state: FieldState, faults: Mapping[str, str]) -> bool:
    """Whether a field may only be hidden, shown or shut because what that follows from is wrong itself."""
    expressions = (state.field.visible, state.field.read_only)
    seen = {name for each in expressions if each is not None for name in data_references(each.source)}
    return not seen.isdisjoint(faults) and (not state.editable or state.value is None)


def _fault_of(state: FieldState, changes: Mapping[str, Any], complete: bool) -> str:
    """What is wrong with a field, "" where nothing is."""
    name, is_changed = state.name, state.name in changes
    if is_changed and not state.visible:
        return f"The field {name!r} is hidden as the others are filled in; leave it out."
    if is_changed and state.read_only:
        return f"The field {name!r} is read-only and cannot be changed; leave it out, or send it as it was."
    if not state.editable:
        return ""
    if state.value is None:
        missing = state.required and (complete or is_changed)
        return f"The field {name!r} is required and is empty; fill it in." if missing else ""
    return fault_of_value(state, state.value) if is_changed or state.asks_anew else ""


def fault_of_value(state: FieldState, value: Any) -> str:
    """What is wrong with a value, or with one of several, by lengths, bounds, pattern and choices; "" if nothing is."""
    for each in value if state.item.multi_valued else [value]:
        wrong = [*_wrong_with_text(state, each), *_wrong_with_size(state, each), *_no_choice(state, each)]
        if wrong:
            return f"Cannot take {shown(each)} for the field {state.name!r}: it {', and '.join(wrong)}."
    return ""


def _wrong_with_text(state: FieldState, value: Any) -> list[str]:
    field, wrong = state.field, []
    if not isinstance(value, str):
        return []
    if field.min_length is not None and len(value) < field.min_length:
        wrong.append(f"has {len(value)} characters where at least {field.min_length} are wanted")
    if field.max_length is not None and len(value) > field.max_length:
        wrong.append(f"has {len(value)} characters where at most {field.max_length} are taken")
    if field.pattern is not None and not field.pattern.matches(value):
        wrong.append(f"does not match the pattern {field.pattern.source}")
    return wrong


def _wrong_with_size(state: FieldState, value: Any) -> list[str]:
    field, wrong = state.field, []
    if field.minimum is not None and value < field.minimum:
        wrong.append(f"is below the minimum, {shown(field.minimum)}")
    if field.maximum is not None and value > field.maximum:
        wrong.append(f"is above the maximum, {shown(field.maximum)}")
    return wrong


def _no_choice(state: FieldState, value: Any) -> list[str]:
    choices = state.choices
    if choices is None:
        return []
    values = [option.value for option in choices.options if option.value != ""]
    if value in values:
        return []
    if not values:
        return [f"cannot be chosen now. {choices.fault.rstrip('.') or 'There are no choices'}"]
    those = ", ".join(map(shown, values[:_MOST_SHOWN])) + (", …" if len(values) > _MOST_SHOWN else "")
    return [f"is none of the choices, which are {those}"]
