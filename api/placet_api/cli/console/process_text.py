"""What the page of a process says, as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text

from placet.core.events import in_words
from placet_api.cli.output import moment, plain, status
from placet_api.cli.views import CommentView, EventView, Named, ProcessDetails, ProcessView

_STEPS = ("activity.entered", "activity.left")  # every step of the way, which the diagram shows


def head(process: ProcessView) -> Text:
    """What it is, how far it is, and for whom, in three lines."""
    ended = f" · ended {moment(process.completed_at)}" if process.completed_at else ""
    known = f" · {process.correlation_id}" if process.correlation_id else ""
    return Text.assemble(
        (plain(process.definition.name), "bold"), f" {process.version} · ", status(process.status), plain(known), "\n",
        plain(f"by {process.initiator.name}, for {process.recipient.name}"), "\n",
        (plain(f"{process.id} · started {moment(process.created_at)}{ended}"), "dim"),
    )  # fmt: skip


def now(details: ProcessDetails) -> Text:
    """Why it waits, what is open, and what could not be done."""
    parts = [_wait(each.activity_name or "Paused", each.words) for each in details.waiting]
    if not details.waiting:
        parts.append(Text(f"It waits for nothing: it is {details.process.status.lower()}."))
    if details.work_items:
        lines = (f"{each.activity_name}: {each.addressee.name}, {each.status.lower()}" for each in details.work_items)
        parts.append(_block("Open work items", lines))
    if details.incidents:
        failed = (f"{each.activity_name or each.kind}: {each.reason}" for each in details.incidents)
        parts.append(_block("Could not be done", failed))
    return Text("\n\n").join(parts)


def _wait(title: str, words: Sequence[str]) -> Text:
    return _block(title, words)


def _block(title: str, lines: Iterable[str]) -> Text:
    return Text.assemble((plain(title), "bold"), *(f"\n{plain(line)}" for line in lines))


def data(values: Any) -> Text:
    """Data items, a line each."""
    if not values:
        return Text("It carries no data.")
    width = max(map(len, values))
    lines = [Text.assemble((plain(name).ljust(width), "bold"), "  ", _value(value)) for name, value in values.items()]
    return Text("\n").join(lines)


def _value(value: Any) -> str:
    return plain(value) if isinstance(value, str) else plain(json.dumps(value, ensure_ascii=False))


def timeline(events: Sequence[EventView]) -> Text:
    """What happened, the newest first."""
    return Text("\n").join(_event(each) for each in reversed(events) if each.kind not in _STEPS)


def _event(event: EventView) -> Text:
    what = in_words(event.kind, event.addressee.name if event.addressee else None)
    where = f" · {event.activity_name}" if event.activity_name else ""
    by = f" by {event.actor.name}" if event.actor else ""
    return Text.assemble((moment(event.at), "dim"), "  ", (plain(what), "bold"), plain(f"{by}{where}"))


def comments(found: Sequence[CommentView]) -> Text:
    """What was said, the oldest first."""
    if not found:
        return Text("Nobody has said anything yet.")
    return Text("\n\n").join(
        Text.assemble((f"{moment(each.at)}  {plain(_by(each.user))}", "dim"), "\n", _lines(each.text)) for each in found
    )


def _by(who: Named | None) -> str:
    return who.name if who else "the process"


def _lines(text: str) -> str:
    return "\n".join(plain(line) for line in text.splitlines())


def diagram(text: str) -> Text:
    """The diagram with what was taken in colour."""
    styles = {"▶": "bold yellow", "✓": "green", "·": "dim"}
    lines = [
        Text(plain(line), style=styles.get(line[:1], "green" if "━━▶" in line else "dim")) for line in text.splitlines()
    ]
    return Text("\n").join(lines)
