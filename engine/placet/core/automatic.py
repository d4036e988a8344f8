"""Activities that never wait: condition, mapping, status and log."""

from __future__ import annotations

from placet.core import data_items
from placet.core.definition import Condition, Log, MappingActivity, StatusActivity
from placet.core.draft import Draft
from placet.core.texts import LONGEST_COMMENT, check_text
from placet.errors import ExpressionError


def decide_path(draft: Draft, number: int, condition: Condition) -> str:
    """The path of a condition: `true` or `false`."""
    answer = condition.when.evaluate(draft.expression_facts())
    if not isinstance(answer, bool):
        raise ExpressionError(f"the condition {condition.when.source!r} gave {answer!r}; it has to give true or false")
    return "true" if answer else "false"


def map_data(draft: Draft, number: int, mapping: MappingActivity) -> str:
    """Set data items; every expression sees the data as it was before."""
    facts = draft.expression_facts()
    values = {item: expression.evaluate(facts) for item, expression in mapping.sets.items()}
    draft.set_data(data_items.check_change(draft.definition, values, None))
    return "next"


def set_status(draft: Draft, number: int, activity: StatusActivity) -> str:
    """Decide how the process will end; the last status activity before the end counts."""
    draft.flow.decided = activity.status.label
    draft.record("process.status_set", activity=activity.id, approval=activity.status.label)
    return "next"


def write_log(draft: Draft, number: int, log: Log) -> str:
    """Write a comment in the initiator's name, as the source engine does, and an event."""
    text = log.comment.evaluate(draft.expression_facts())
    if not isinstance(text, str):
        raise ExpressionError(f"the log {log.comment.source!r} gave {text!r}; it has to give a text, see string(…)")
    check_text("comment", text, LONGEST_COMMENT)
    draft.comment(text, activity=log.id, user=draft.process.initiator)
    draft.record("process.logged", activity=log.id, actor=draft.process.initiator)
    return "next"
