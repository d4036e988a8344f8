"""What becomes of each case of the permit log, read off the log with one pattern; shares no code with the replay."""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import placet.demo

LOG = Path(placet.demo.__file__).with_name("travel_permits.csv.gz")

# A permit's events as letters: submitted, approved, finally approved, rejected (by an approver, by the employee, by
# nobody), asked, saved.
LETTERS = {
    "SUBMITTED": "S",
    "APPROVED": "a",
    "FINAL_APPROVED": "F",
    "REJECTED": "r",
    "REJECTED by EMPLOYEE": "w",
    "REJECTED by MISSING": "m",
    "FOR_APPROVAL": "q",
    "SAVED": "v",
}
# Submitted, perhaps sent back and submitted again, then granted, withdrawn or left; what follows an end is a remark.
PROCESS = re.compile(
    r"S[aq]*(?:rS[aq]*)*(?:(?P<granted>F)|(?P<withdrawn>r?w)|(?P<returned>r)|(?P<asked>))(?P<remarks>[^S]*)"
)
KINDS = {"a": "work_item.approved", "F": "work_item.approved", "r": "work_item.returned", "w": "process.terminated"}


@dataclass(frozen=True)
class Expected:
    """One process: how it ends, with which role it is left, and when who did what."""

    outcome: str
    waits_for: str | None
    log: list[tuple[datetime, str, str]]


def expected_outcomes() -> dict[str, list[Expected]]:
    """The processes of each case, in their order."""
    lines = defaultdict(list)
    with gzip.open(LOG, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            permit = re.fullmatch(r"Permit (\S+) by (.+)", row["event"])
            lines[row["case"]] += [(datetime.fromisoformat(row["time"]), *permit.groups())] if permit else []
    return {case: list(_processes(events)) for case, events in lines.items()}


def _processes(events: list[tuple[datetime, str, str]]) -> Iterator[Expected]:
    letters = "".join(LETTERS.get(f"{verb} by {role}") or LETTERS[verb] for _, verb, role in events)
    for match in PROCESS.finditer(letters):
        outcome = next(name for name, text in match.groupdict().items() if text is not None)
        log = []
        for place in range(match.start(), match.end()):
            at, _, role = events[place]
            log.append((at, _kind(letters[place], place, match), role))
        waits_for = {"returned": "EMPLOYEE", "asked": events[match.end() - 1][2]}.get(outcome)
        yield Expected(outcome, waits_for, log)


def _kind(letter: str, place: int, match: re.Match[str]) -> str:
    if place >= match.start("remarks"):
        return "process.commented"
    if letter == "S":
        return "process.started" if place == match.start() else "work_item.resubmitted"
    return KINDS.get(letter, "process.commented")
