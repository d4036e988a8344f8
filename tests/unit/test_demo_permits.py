"""How cases become processes, with cases that the log does not have; what it has is in the acceptance tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from placet.demo.permits import Case, LogEvent, permits_of, read_log

NAMES = {
    "E": "EMPLOYEE",
    "A": "ADMINISTRATION",
    "B": "BUDGET OWNER",
    "S": "SUPERVISOR",
    "D": "DIRECTOR",
    "M": "MISSING",
}
VERBS = {
    "submit": "SUBMITTED",
    "yes": "APPROVED",
    "grant": "FINAL_APPROVED",
    "no": "REJECTED",
    "save": "SAVED",
    "ask": "FOR_APPROVAL",
}
INITIALS = {name: initial for initial, name in NAMES.items()}


def a_case(words: str) -> Case:
    """A case of permit events an hour apart, such as `submit:E grant:S`."""
    begin = datetime(2017, 1, 9, 9, tzinfo=UTC)
    events = []
    for hour, word in enumerate(words.split()):
        verb, _, role = word.partition(":")
        events.append(LogEvent(begin + timedelta(hours=hour), f"Permit {VERBS[verb]} by {NAMES[role]}"))
    return Case("1", events)


def told(case: Case) -> list[str]:
    """Each process in a line: `start(SD) approve:S …`, routes as initials."""
    lines = []
    for permit in permits_of(case):
        words = []
        for step in permit.steps:
            route = "".join(INITIALS[role] for role in step.route)
            words.append(f"{step.do.value}({route})" if route else f"{step.do.value}:{INITIALS[step.role]}")
        lines.append(" ".join(words))
    return lines


@pytest.mark.parametrize(
    ("events", "processes"),
    [
        ("submit:E yes:A yes:S grant:D", ["start(ASD) approve:A approve:S approve:D"]),
        ("submit:E no:S submit:E grant:S", ["start(S) return:S resubmit(S) approve:S"]),
        (
            "submit:E yes:A no:B submit:E yes:S grant:D",
            ["start(AB) approve:A return:B resubmit(ASD) approve:S approve:D"],
        ),
        ("submit:E no:S no:S no:E", ["start(S) return:S comment:S withdraw:E"]),
        ("submit:E no:S no:M", ["start(S) return:S comment:M"]),
        ("submit:E no:E submit:E grant:S", ["start(S) retract:E", "start(S) approve:S"]),
        ("submit:E yes:A no:M", ["start(AS) approve:A comment:M"]),
        ("submit:E yes:A yes:S", ["start(ASD) approve:A approve:S"]),
        ("submit:E ask:A", ["start(A) comment:A"]),
        ("submit:E ask:A yes:A ask:B", ["start(AB) comment:A approve:A comment:B"]),
        ("submit:E submit:E grant:S", ["start(S) comment:E approve:S"]),
        ("submit:E grant:S no:M save:E", ["start(S) approve:S comment:M comment:E"]),
        ("save:E no:M", []),
        ("save:E submit:E grant:S", ["start(S) approve:S"]),
    ],
)
def test_a_case_becomes(events, processes):
    assert told(a_case(events)) == processes


def test_a_comment_has_the_words_of_the_log():
    [permit] = permits_of(a_case("submit:E grant:S no:M"))

    assert permit.steps[-1].text == "In the log: Permit REJECTED by MISSING"


def test_every_permit_event_after_the_first_submission_is_one_step():
    for case in read_log():
        steps = [step.at for permit in permits_of(case) for step in permit.steps]
        events = [event.at for event in case.events if event.is_of_permit]
        assert steps == (events if steps else [])


def test_the_log_is_whole():
    cases = read_log()

    assert (len(cases), sum(len(case.events) for case in cases)) == (1000, 17167)
    assert all(event.at.utcoffset() is not None for case in cases for event in case.events)
