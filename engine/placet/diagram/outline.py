"""What a picture of a definition shows, whichever way it is drawn: shapes with texts, and labelled arrows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from placet.core import definition as core
from placet.core.expressions import Expression
from placet.core.flow import Flow
from placet.core.names import common_name, is_dn
from placet.core.records import Event, Process

START = ""  # the id of the circle before the first activity; no activity can have it


class Form(Enum):
    START = "start"
    FINISH = "finish"
    ASK = "ask"
    CHOICE = "choice"
    BAR = "bar"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Figure:
    id: str
    form: Form
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    source: str
    target: str
    label: str = ""


def figures(definition: core.Definition) -> list[Figure]:
    """One figure for the start and one for every activity, in the order of the file."""
    return [Figure(START, Form.START, "Start"), *map(_figure, definition.activities.values())]


def arrows(definition: core.Definition) -> list[Arrow]:
    """The paths; those that lead from one activity to the same other one are one arrow with both labels."""
    labels: dict[tuple[str, str], list[str]] = {(START, definition.start): []}
    for activity in definition.activities.values():
        if isinstance(activity, core.Branch):
            labels.update({(activity.id, target): [] for target in activity.targets})
        for path, target in activity.paths.items():
            labels.setdefault((activity.id, target), []).extend([] if path == "next" else [path])
    return [Arrow(source, target, ", ".join(words)) for (source, target), words in labels.items()]


def stands_on(process: Process) -> list[str]:
    """The activities that a process stands on; none where it has ended."""
    return [token.at for _, token in sorted(Flow.load(process.flow).tokens.items())]


def steps_taken(process: Process, events: Sequence[Event]) -> list[str]:
    """The steps that a process has taken, as `way_of` reads them; of one that has ended its last event tells them."""
    ended = next((each.detail for each in reversed(events) if each.detail and "way" in each.detail), {})
    return list(process.flow.get("way") or ended.get("way", ()))


def way_of(definition: core.Definition, steps: Collection[str]) -> set[tuple[str, str]]:
    """The ends of the arrows that steps of `core.flow` went along, that from the start among them."""
    taken = {(START, definition.start)}
    for step in steps:
        at, _, path = step.partition(">")
        activity = definition.activities[at]
        targets = activity.targets if isinstance(activity, core.Branch) else (activity.paths[path],)
        taken |= {(at, target) for target in targets}
    return taken


def _figure(activity: core.Activity) -> Figure:
    form = Form.STEP
    detail = ""
    title = activity.name
    match activity:
        case core.Approval():
            form, detail = Form.ASK, _voters(activity)
        case core.Condition():
            form = Form.CHOICE
            title = activity.when.source if title == activity.id else title
        case core.Branch() | core.Merge():
            form = Form.BAR
        case core.Finish():
            form, title = Form.FINISH, "Finish" if title == activity.id else title
        case core.MappingActivity():
            detail = "sets " + ", ".join(activity.sets)
        case core.StatusActivity():
            detail = f"status: {activity.status.label}"
        case core.Log():
            detail = "writes a comment"
        case core.Wait():
            detail = f"waits {_days(activity)}"
        case core.SubProcess():
            detail = f"starts {common_name(activity.definition)}"
        case core.ConnectorCall():
            detail = f"calls {activity.connector}"
        case core.Email():
            detail = f"mails {_who(activity.to)}"
    return Figure(activity.id, form, title, detail)


def _voters(approval: core.Approval) -> str:
    settle = approval.settle
    voters = _who(approval.addressees)
    match settle.kind:
        case core.SettleKind.ANY:
            return voters
        case core.SettleKind.ALL:
            return f"all of {voters}"
        case core.SettleKind.COUNT:
            return f"{settle.amount} of {voters}"
        case core.SettleKind.PERCENT:
            return f"{settle.amount}% of {voters}"


def _who(addressees: str | Expression) -> str:
    if isinstance(addressees, str):
        return common_name(addressees) if is_dn(addressees) else addressees
    return addressees.source


def _days(wait: core.Wait) -> str:
    if wait.until is not None:
        return f"until {wait.until.source}"
    return f"for {wait.duration}".removesuffix(", 0:00:00")
