"""Why a process waits: every state that is not final has an answer, and says for whom, until when and who could act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import NoneType
from typing import get_args, get_type_hints

import pytest

from placet.commands import FindOthers
from placet.core.definition import Escalate, Remind
from placet.core.flow import Flow
from placet.core.names import fold_dn, user_dn
from placet.core.outcomes import OUTBOUND
from placet.core.people import Directory, Person, StandIn
from placet.core.permissions import EVERY_PERMISSION
from placet.core.records import UNABLE_SINCE
from placet.core.statuses import Life, WorkItemStatus
from placet.core.waiting import Coming, Progress, WaitKind
from placet.core.walk import ENTER
from tests.builders import (
    ADMIN,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DAY,
    DIRECTORY,
    DORA,
    EVE,
    HOUR,
    NINE,
    Story,
    a_branch,
    a_call,
    a_child,
    a_definition,
    a_mail,
    a_merge,
    a_wait,
    an_approval,
    started,
    who,
)

SOON = timedelta(seconds=4)
HELP = ["Admin could answer in their place (PM_SUPERVISOR).", "Admin could hand it to somebody else (PM_REASSIGNCASE)."]
END = "Admin or Anna could end the process."
UNLIMITED = "Nothing ends this by itself: no time limit is set."


def with_people(*absences: StandIn, inactive: str = "") -> Directory:
    people = [replace(each, active=each.active and each.dn != inactive) for each in DIRECTORY.people.values()]
    return Directory(people, DIRECTORY.groups.values(), 2, absences=absences)


def away(person: str, stand_in: str, until: timedelta | None = None) -> StandIn:
    return StandIn(fold_dn(person), fold_dn(stand_in), NINE, None if until is None else NINE + until)


def asked(addressees: str | list[str] = BOB, **approval) -> Story:
    return started(ask=an_approval(addressees, **approval))


def a_round() -> Story:
    """Two of three have to agree, and Bob has said yes."""
    story = asked([BOB, CARL, DORA], settle=2)
    story.act(1, "approve", BOB)
    return story


def claimed() -> Story:
    story = asked(BOARD)
    story.act(1, "claim", CARL)
    return story


def returned() -> Story:
    story = asked()
    story.act(1, "return", BOB)
    return story


def reassigned() -> Story:
    story = asked()
    story.act(1, "reassign", ADMIN, to=EVE)
    return story


def timed() -> Story:
    """A reminder after an hour, Carl after two, and the end after a day."""
    remind, escalate = Remind(HOUR), Escalate(2 * HOUR, who("initiator.manager.manager"))
    return asked(timeout=DAY, remind=remind, escalate=escalate, paths={"timedout": "done"})


def overdue() -> Story:
    story = asked(timeout=HOUR)
    story.now += DAY
    return story


def escalating_to_nobody() -> Story:
    return asked(escalate=Escalate(HOUR, who("recipient.manager.manager.manager.manager")))


def delegated() -> Story:
    story = Story(a_definition(ask=an_approval(BOB)), directory=with_people(away(BOB, EVE, DAY)))
    return story.start()


def absent_since() -> Story:
    story = asked()
    story.directory = with_people(away(BOB, EVE))
    return story


def inactive_since() -> Story:
    story = asked()
    story.directory = with_people(inactive=BOB)
    return story


def stranded() -> Story:
    story = inactive_since()
    story.send(FindOthers(process_id=story.id))
    return story


def held_by_who_left() -> Story:
    story = claimed()
    story.directory = with_people(inactive=CARL)
    return story


def a_stopped(made: Callable[[], Story], after: timedelta = timedelta()) -> Callable[[], Story]:
    def make() -> Story:
        story = made()
        story.now += after
        story.pause()
        return story

    return make


def a_day() -> Story:
    return started(rest=a_wait(DAY))


def a_day_overdue() -> Story:
    story = a_day()
    story.now += 2 * DAY
    return story


def taken(story: Story, ahead: timedelta, tries: int) -> Story:
    """The story after a node has taken its job, as it is stored: due later, with so many tries behind it."""
    job = story.job()
    tried = [{"at": NINE.isoformat(), "code": 503, "error": "the service answered 503", "ms": 12}] * tries
    timer = tries + 1 if ahead <= SOON else tries
    job.timer, job.timer_at, job.payload = timer, story.now + ahead, {**job.payload, "tries": tried}
    return story


def a_new_call() -> Story:
    return started(call=a_call())


def a_new_mail() -> Story:
    return started(tell=a_mail([BOB, "x@example.org"]))


def a_new_child() -> Story:
    return started(other=a_child())


def calling() -> Story:
    return taken(started(call=a_call()), SOON, 0)


def calling_again() -> Story:
    return taken(started(call=a_call()), HOUR, 2)


def postponed() -> Story:
    story = taken(started(call=a_call()), HOUR, 0)
    story.job().payload = {**story.job().payload, UNABLE_SINCE: NINE.isoformat()}
    return story


def failed() -> Story:
    story = started(call=a_call())
    story.job_ended("fault", reason="The call of 'Users' failed after 5 tries: the service answered 503")
    return story


def unsent() -> Story:
    story = started(tell=a_mail())
    story.job_ended("fault", reason="No mail server is known here.")
    return story


def came_back() -> Story:
    story = started(call=a_call())
    story.pause()
    story.job_ended()
    return story


def told_of_child() -> Story:
    story = begun()
    story.pause()
    story.child_ended("approved")
    return story


def begun() -> Story:
    """A child whose outbox row has been carried out."""
    story = a_new_child()
    assert story.snapshot is not None
    story.snapshot.jobs.clear()
    return story


def at_once() -> Story:
    """Two paths, each of which waits."""
    paths = {"approved": "meet", "denied": "meet"}
    return started(
        both=a_branch("ask", "rest"), ask=an_approval(paths=paths), rest=a_wait(DAY, to="meet"), meet=a_merge()
    )


PAUSED = [
    "It was paused by Admin at +0:00:00.",
    "Until it is resumed nobody can act on its work items, and its times stand still.",
    "Admin could resume it (PM_SUPERVISOR).",
]
FROM_BOB = "It has waited since +0:00:00 for an answer from Bob."
CALL = "It has waited since +0:00:00 for the connector 'Users' to answer."
STUCK = "Nobody whom it asks can answer any more: "
FAILED = [
    "It could not be done: it has waited since +0:00:00 for somebody to retry or skip it.",
    "The call of 'Users' failed after 5 tries: the service answered 503.",
]

#: Every way in which a process can stand, and what is said of it; who could answer or end it is left out here.
STATES: dict[Callable[[], Story], list[str]] = {
    asked: [FROM_BOB, UNLIMITED, "Bob can answer."],
    a_round: [
        "It has waited since +0:00:00 for answers from Carl and Dora.",
        "2 of 3 have to approve; so far 1 approved, 0 denied and 0 refused.",
        UNLIMITED,
        "Carl and Dora can answer.",
    ],
    claimed: [FROM_BOB.replace("Bob", "Board"), "Carl has claimed it.", UNLIMITED, "Carl can answer."],
    returned: [
        "It was returned for changes at +0:00:00: Anna has to send it again or withdraw it.",
        "Anna can answer.",
    ],
    reassigned: [FROM_BOB.replace("Bob", "Eve"), UNLIMITED, "Eve can answer."],
    timed: [
        FROM_BOB,
        "At +1:00:00 Bob is reminded.",
        "At +2:00:00 it goes to Carl, unless it is answered before.",
        "At +1 day, 0:00:00 it times out and goes on to 'Done'.",
        "Bob can answer.",
    ],
    overdue: [
        FROM_BOB,
        "Due since +1:00:00, and done as soon as a node takes it up: it times out and goes on to 'Done'.",
        "Bob can answer.",
    ],
    escalating_to_nobody: [
        FROM_BOB,
        "At +1:00:00 it is to go to somebody else, and as things are nobody is found for that.",
        "Bob can answer.",
    ],
    delegated: [
        FROM_BOB.replace("Bob", "Eve"),
        "Eve is asked in place of Bob, who is absent until +1 day, 0:00:00.",
        UNLIMITED,
        "Eve can answer.",
    ],
    absent_since: [FROM_BOB, "Bob is absent; Eve stands in.", UNLIMITED, "Bob and Eve can answer."],
    inactive_since: [FROM_BOB, f"{STUCK}Bob is inactive; the engine is about to look for others.", UNLIMITED],
    stranded: [
        FROM_BOB,
        f"{STUCK}Bob is inactive; it waits until it is reassigned, or one of them can again.",
        UNLIMITED,
    ],
    held_by_who_left: [
        FROM_BOB.replace("Bob", "Board"),
        "Carl has claimed it.",
        f"{STUCK}Carl, who has claimed it, is inactive; the engine is about to look for others.",
        UNLIMITED,
    ],
    a_stopped(asked): [*PAUSED, FROM_BOB, "Once it is resumed Bob can answer."],
    a_stopped(a_day, HOUR): [
        PAUSED[0].replace("+0", "+1"),
        *PAUSED[1:],
        "It has waited since +0:00:00 for a time to come.",
        "When it was paused there were 23 h of that left.",
    ],
    a_stopped(failed): [*PAUSED, *FAILED, "Once it is resumed Admin could retry or skip it (PM_SUPERVISOR)."],
    a_day: ["It has waited since +0:00:00 for a time to come.", "At +1 day, 0:00:00 it goes on to 'Done'."],
    a_day_overdue: [
        "It has waited since +0:00:00 for a time to come.",
        "Due since +1 day, 0:00:00, and done as soon as a node takes it up: it goes on to 'Done'.",
    ],
    a_new_call: [CALL, "That is due, and done as soon as a node has room for it."],
    calling: [CALL, "It is being tried right now."],
    calling_again: [
        CALL,
        "It was tried 2 times, last at +0:00:00: the service answered 503.",
        "At +1:00:00 it is tried again.",
    ],
    postponed: [
        CALL,
        "It cannot be begun: something that it takes here, a key or the database, is away.",
        "At +1:00:00 it is tried again.",
    ],
    came_back: [*PAUSED, CALL, "That is done; what follows happens once the process is resumed."],
    failed: [*FAILED, "Admin could retry or skip it (PM_SUPERVISOR)."],
    a_new_mail: [
        "It has waited since +0:00:00 for the mail to Bob and x@example.org to be handed in.",
        "That is due, and done as soon as a node has room for it.",
    ],
    unsent: [FAILED[0], "No mail server is known here.", "Admin could retry or skip it (PM_SUPERVISOR)."],
    a_new_child: ["It has waited since +0:00:00 for process CHILD of 'Child' to end.", "That is about to be started."],
    begun: ["It has waited since +0:00:00 for a process of 'Child' to end."],
    told_of_child: [
        *PAUSED,
        "It has waited since +0:00:00 for process CHILD of 'Child' to end.",
        "That has ended; this one goes on once this one is resumed.",
    ],
    at_once: [
        FROM_BOB,
        UNLIMITED,
        "Bob can answer.",
        "It has waited since +0:00:00 for a time to come.",
        "At +1 day, 0:00:00 it goes on to 'Meet'.",
    ],
}
#: What the work of other nodes and services adds: made by hand, for it is not decided.
LEFT_ALONE = "What it calls is left alone for a while, because too many calls of it have failed."


def child_of(story: Story) -> str | None:
    return next((token.child for token in Flow.load(story.process.flow).tokens.values() if token.child), None)


def said(story: Story, **more) -> list[str]:
    words = [each.replace(child_of(story) or "CHILD", "CHILD") for each in story.words(**more)]
    return [each for each in words if not each.endswith((*HELP, END)) and "in their place" not in each]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_every_state_says_what_it_waits_for(state: Callable[[], Story]):
    assert said(state()) == STATES[state]


def test_what_a_node_leaves_alone_is_told_with_when_it_is_tried_again():
    story = started(call=a_call())

    assert said(story, resting=lambda lane: NINE + HOUR) == [CALL, LEFT_ALONE, "At +1:00:00 it is tried again."]
    assert said(story, resting=lambda lane: NINE - HOUR) == STATES[a_new_call]


def test_a_child_that_the_reader_may_see_is_told_of():
    story = begun()
    child = child_of(story)
    assert child is not None
    running = replace(story.process, id=child, life=Life.RUNNING)
    head = "It has waited since +0:00:00 for process CHILD of 'Child' to end."

    assert said(story, children={child: running}) == [head]
    over = said(story, children={child: replace(running, life=Life.APPROVED)})
    assert over == [head, "That has ended; this one goes on as soon as a node takes it up."]


# -- all states are there --------------------------------------------------------------------------


def answers():
    resting = [started(call=a_call()).waits(resting=lambda lane: NINE + HOUR)]
    story = begun()
    seen = [story.waits(children={child_of(story): story.process})]
    return [wait for found in [*(state().waits() for state in STATES), *resting, *seen] for wait in found]


def waiting_kinds() -> set[type]:
    """The activities that may have to wait: entering them need not give a path."""
    found = {kind: get_type_hints(enter)["return"] for kind, enter in ENTER.items()}
    return {kind for kind, hint in found.items() if NoneType in (get_args(hint) or (hint,))}


def test_every_kind_of_activity_that_waits_has_a_state_here():
    stories = [state() for state in STATES]
    stood_on = {
        type(story.definition.activities[token.at])
        for story in stories
        for token in Flow.load(story.process.flow).tokens.values()
    }

    assert stood_on == waiting_kinds()


def test_every_state_of_a_process_that_has_not_ended_is_here():
    assert {state().life for state in STATES} == {life for life in Life if not life.is_over}


def test_every_status_of_an_open_item_is_here():
    found = {asked.item.status for wait in answers() for asked in wait.asked}

    assert found == {status for status in WorkItemStatus if status.is_open}


def test_every_kind_of_job_that_somebody_waits_for_is_here():
    jobs = {job.kind for state in STATES for job in state().snapshot.jobs.values()}

    assert jobs == {"wait", "start_child", *OUTBOUND}


def test_every_kind_of_incident_is_here():
    incidents = {each.kind for state in STATES for each in state().snapshot.incidents.values()}

    assert incidents == {kind.noun for kind in OUTBOUND.values()}


def test_every_kind_of_answer_is_given():
    found = answers()

    assert {wait.kind for wait in found} == set(WaitKind)
    assert {wait.progress for wait in found} - {None} == set(Progress)
    assert {coming.what for wait in found for coming in wait.coming} == set(Coming)


# -- who could act ---------------------------------------------------------------------------------


def test_who_could_act_by_a_permission_is_named():
    assert started(ask=an_approval()).words()[-2:] == HELP
    assert started(rest=a_wait(DAY)).words()[-1] == END


def test_who_may_not_decide_on_himself_could_not_act():
    story = started(initiator=ADMIN, ask=an_approval(self_approval=False))

    assert [each for each in story.words() if "in their place" in each] == []


def test_who_may_not_see_a_process_could_not_act():
    """A permission reaches no further than what one may read."""
    supervisor = Person(user_dn("sue"), "sue", "Sue", permissions=frozenset({"PM_SUPERVISOR"}))
    people = [each for each in DIRECTORY.people.values() if each.dn != ADMIN]
    story = asked()

    story.directory = Directory([*people, supervisor], DIRECTORY.groups.values(), 3)
    assert story.words()[-1] == "Bob can answer."
    story.directory = Directory(
        [*people, replace(supervisor, permissions=EVERY_PERMISSION)], DIRECTORY.groups.values(), 4
    )
    assert story.words()[-2:] == [each.replace("Admin", "Sue") for each in HELP]


def test_of_many_people_the_first_are_named():
    """A group of three hundred is no list for anybody to read."""
    dns = [user_dn(f"p{number:04}") for number in range(300)]
    people = [Person(dn, dn[3:8], f"P{dn[4:8]}") for dn in dns]
    board = replace(DIRECTORY.groups[fold_dn(BOARD)], members=frozenset(map(fold_dn, dns)))
    story = Story(
        a_definition(ask=an_approval(BOARD)), directory=Directory([*people, *DIRECTORY.people.values()], [board])
    )
    story.start()

    named = ", ".join(f"P{number:04}" for number in range(10))
    assert f"{named} and others can answer." in story.words()


def test_only_who_has_not_answered_could_answer():
    story = asked([BOARD, EVE], settle="all")
    story.act(1, "approve", CARL)

    assert "Eve can answer." in story.words()


def test_one_who_waits_for_nobody_says_so():
    directory = Directory([each for each in DIRECTORY.people.values() if each.dn not in (ANNA, ADMIN)])
    story = a_day()
    story.directory = directory

    assert story.words()[-1] == "Nobody could act on it now."


def test_an_answer_knows_since_when_a_call_is_tried():
    """A retry begins anew: what failed before is told of its incident."""
    story = failed()
    moment = story.now = NINE + HOUR
    story.retry()

    (wait,) = story.waits()
    assert (wait.kind, wait.since, wait.tries) == (WaitKind.CALL, moment, ())
