"""The kinds of events, by name and by the small number that is stored; numbers are never used twice."""

from __future__ import annotations

KINDS: dict[int, str] = {
    1: "process.started",
    2: "process.completed",
    3: "process.terminated",
    4: "process.failed",
    5: "process.paused",
    6: "process.resumed",
    7: "process.commented",
    8: "process.status_set",
    9: "process.logged",
    10: "process.child_started",
    11: "process.child_ended",
    12: "process.data_changed",
    20: "activity.entered",
    21: "activity.left",
    30: "work_item.assigned",
    31: "work_item.claimed",
    32: "work_item.released",
    33: "work_item.reassigned",
    34: "work_item.approved",
    35: "work_item.denied",
    36: "work_item.refused",
    37: "work_item.returned",
    38: "work_item.resubmitted",
    39: "work_item.timed_out",
    40: "work_item.reminded",
    41: "work_item.escalated",
    42: "work_item.cancelled",
    43: "work_item.commented",
    44: "work_item.redirected",
    45: "work_item.stranded",
    50: "call.requested",
    51: "call.succeeded",
    52: "call.failed",
    53: "mail.requested",
    54: "mail.sent",
    55: "mail.failed",
    60: "incident.opened",
    61: "incident.retried",
    62: "incident.skipped",
    63: "incident.closed",
}
NUMBERS = {name: number for number, name in KINDS.items()}

#: What happens by a fault of the definition or its data, or because somebody became inactive, and not by whoever sent
#: the command that met it.
DONE_BY_NOBODY = frozenset({"process.failed", "work_item.redirected", "work_item.stranded"})

_WORDS = {
    "process.commented": "comment added",
    "process.status_set": "final status set",
    "process.logged": "comment logged",
    "process.child_started": "another process started",
    "process.child_ended": "the other process ended",
    "call.requested": "call of a connector requested",
    "call.succeeded": "connector answered",
    "call.failed": "call of a connector failed",
    "activity.entered": "began to wait",
    "activity.left": "stopped waiting",
    "work_item.returned": "returned for changes",
    "work_item.resubmitted": "submitted again",
    "work_item.reminded": "reminder sent",
    "work_item.stranded": "waits for nobody",
    "work_item.commented": "comment added",
}


def in_words(kind: str, addressee: str | None = None) -> str:
    """What a kind of event says to people: `process started`, or with an addressee `reminder sent to Ben Adler`."""
    subject, _, happened = kind.partition(".")
    words = happened.replace("_", " ")
    said = _WORDS.get(kind, words if subject == "work_item" else f"{subject} {words}")
    return f"{said} to {addressee}" if addressee else said
