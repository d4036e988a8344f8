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
}
NUMBERS = {name: number for number, name in KINDS.items()}
