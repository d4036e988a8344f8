"""What happens by itself: timeouts, reminders and escalations, also across pauses and after a long sleep."""

from datetime import timedelta

import pytest

from placet.commands import FireItemTimer, FireJob
from placet.core.clockwork import later
from placet.core.definition import Escalate, Remind
from placet.core.statuses import Life, WorkItemStatus
from placet.errors import Conflict, NotFound
from tests.builders import (
    ADMIN,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DAY,
    DORA,
    GONE,
    HOUR,
    NINE,
    a_status,
    an_approval,
    started,
    who,
)


def escalating(to, after=DAY, **more):
    return an_approval(escalate=Escalate(after, who(to)), **more)


def reminding(after=DAY, every=None, **more):
    return an_approval(remind=Remind(after, every), **more)


def reminders(story):
    return story.kinds.count("work_item.reminded")


# -- timeouts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "life"),
    [({}, Life.DENIED), ({"timedout": "done"}, Life.DENIED), ({"timedout": "yes"}, Life.APPROVED)],
)
def test_a_timeout_has_a_path_of_its_own_where_drawn(paths, life):
    story = started(ask=an_approval([BOB, CARL], timeout=DAY, paths=paths), yes=a_status("approved"))

    story.pass_by(DAY - timedelta(milliseconds=1))
    assert story.life is Life.RUNNING
    story.pass_by(timedelta(milliseconds=1))

    assert story.life is life
    assert story.kinds.count("work_item.timed_out") == 2


def test_who_comes_after_the_timeout_reads_so():
    story = started(ask=an_approval(timeout=DAY))
    story.pass_by(DAY)

    assert story.item(1).status is WorkItemStatus.TIMED_OUT
    with pytest.raises(Conflict, match="timed out at 2026-03-03 09:00:00 UTC"):
        story.act(1, "approve", BOB)


def test_a_timer_for_what_has_moved_on_is_ignored():
    story = started(ask=reminding(timeout=3 * DAY))
    first = FireItemTimer(process_id=story.id, number=1, timer=story.item(1).timer)
    assert story.send(first) is None, "it is not due yet"
    story.pass_by(DAY)

    assert story.send(first) is None
    story.now += 2 * DAY
    assert story.send(first) is None, "the timer that is due now is another one"
    assert story.send(FireItemTimer(process_id=story.id, number=9, timer=0)) is None
    assert story.send(FireJob(process_id=story.id, number=1, timer=0)) is None
    assert reminders(story) == 1


def test_a_time_beyond_the_calendar_is_its_end():
    assert later(NINE.replace(year=9999), 3650 * DAY).isoformat() == "9999-12-31T23:59:59.999000+00:00"


# -- reminders -------------------------------------------------------------------------------------


def test_a_single_reminder_comes_once():
    story = started(ask=reminding())
    for _ in range(5):
        story.pass_by(DAY)

    assert reminders(story) == 1
    assert story.item(1).timer_at is None


def test_reminders_repeat_until_the_answer():
    story = started(ask=reminding(DAY, HOUR))
    story.pass_by(DAY)
    assert story.item(1).timer_at == NINE + DAY + HOUR
    story.pass_by(HOUR)
    story.pass_by(HOUR)
    assert reminders(story) == 3
    story.act(1, "approve", BOB)

    assert story.item(1).timer_at is None


def test_missed_reminders_come_as_one():
    story = started(ask=reminding(DAY, HOUR))

    story.pass_by(DAY + 10 * HOUR + timedelta(minutes=30))

    assert reminders(story) == 1
    assert story.item(1).reminders == 11
    assert story.item(1).timer_at == NINE + DAY + 11 * HOUR


def test_missed_reminders_of_what_timed_out_do_not_come():
    story = started(ask=reminding(DAY, HOUR, timeout=2 * DAY))

    story.pass_by(5 * DAY)

    assert story.life is Life.DENIED
    assert reminders(story) == 0


# -- escalation ------------------------------------------------------------------------------------


def test_an_item_goes_to_whom_it_is_escalated():
    story = started(ask=escalating("initiator.manager.manager", timeout=3 * DAY))
    story.act(1, "claim", BOB)

    story.pass_by(DAY)

    item = story.item(1)
    assert (item.addressee, item.owner, item.status, item.escalated) == (CARL, None, WorkItemStatus.OPEN, True)
    assert item.expires_at == item.timer_at == NINE + 3 * DAY
    assert story.events[-1].detail == {"addressee": CARL, "before": BOB}
    with pytest.raises(NotFound):
        story.act(1, "approve", BOB)
    story.act(1, "approve", CARL)
    assert story.life is Life.APPROVED


@pytest.mark.parametrize("to", [GONE, BOB, "initiator.nobody", "17", "[]"])
def test_where_nobody_is_found_the_item_stays_and_a_comment_says_so(to):
    story = started(ask=escalating(to))

    story.pass_by(DAY)
    story.pass_by(DAY)

    assert story.open == {1: BOB}
    assert len(story.told()) == 1
    assert "could not be escalated" in story.told()[0]


def test_of_several_the_first_is_taken_and_a_group_will_do():
    assert _escalated(["gone", BOARD, "dora"]).open == {1: BOARD}


def _escalated(to):
    story = started(ask=escalating(to))
    story.pass_by(DAY)
    return story


def test_two_items_of_a_round_never_go_to_the_same_person():
    story = started(ask=escalating("'dora'", addressees=[BOB, CARL], settle="all"))

    story.pass_by(DAY)

    assert story.open == {1: DORA, 2: CARL}
    story.act(1, "approve", DORA)
    story.act(2, "approve", CARL)
    assert story.life is Life.APPROVED


def test_an_item_is_not_escalated_to_who_has_answered():
    story = started(ask=escalating(["bob", "dora"], addressees=[BOB, CARL], settle="all"))
    story.act(1, "approve", BOB)

    story.pass_by(DAY)

    assert story.open == {2: DORA}


def test_what_is_due_together_happens_together():
    story = started(ask=escalating("'carl'", remind=Remind(DAY, DAY), timeout=3 * DAY))

    story.pass_by(DAY)

    assert story.kinds[-2:] == ["work_item.escalated", "work_item.reminded"]
    assert story.events[-1].detail == {"addressee": CARL}


# -- pauses ----------------------------------------------------------------------------------------


def test_all_timers_go_on_with_what_was_left():
    ask = an_approval(timeout=5 * DAY, due=4 * DAY, remind=Remind(2 * DAY, DAY), escalate=Escalate(3 * DAY, CARL))
    story = started(ask=ask)
    stale = FireItemTimer(process_id=story.id, number=1, timer=story.item(1).timer)
    story.pass_by(DAY)
    story.pause()
    story.pass_by(10 * DAY)
    assert story.send(stale) is None
    story.resume()
    assert story.item(1).due_at == NINE + 14 * DAY
    assert story.item(1).expires_at == NINE + 15 * DAY

    story.pass_by(DAY - HOUR)
    assert story.kinds[-1] == "process.resumed"
    story.pass_by(HOUR)
    assert story.kinds[-1] == "work_item.reminded"
    story.pass_by(DAY)
    assert story.kinds[-2:] == ["work_item.escalated", "work_item.reminded"]
    story.pause()
    story.pass_by(DAY)
    story.resume()
    story.pass_by(2 * DAY)

    assert story.life is Life.DENIED
    assert story.now == NINE + 16 * DAY


def test_what_came_due_while_paused_waits_for_its_own_time():
    story = started(ask=an_approval(timeout=DAY))
    story.pass_by(HOUR)
    story.pause()
    story.pass_by(30 * DAY)
    story.resume()

    story.pass_by(22 * HOUR)
    assert story.life is Life.RUNNING
    story.pass_by(HOUR)
    assert story.life is Life.DENIED


def test_a_returned_request_has_no_timers():
    story = started(ask=an_approval(timeout=DAY, remind=Remind(HOUR), due=HOUR, escalate=Escalate(HOUR, CARL)))
    story.act(1, "return", BOB)
    story.pass_by(9 * DAY)
    story.pause()
    story.resume()
    assert story.open == {2: ANNA}
    assert story.item(2).timer_at is None

    story.act(2, "approve", ANNA)
    assert story.item(3).expires_at == NINE + 10 * DAY
    story.act(3, "reassign", ADMIN, to="dora")
    story.pass_by(DAY)

    assert story.life is Life.DENIED


def test_a_new_addressee_has_the_time_that_is_left():
    story = started(ask=an_approval(timeout=DAY))
    story.pass_by(20 * HOUR)
    story.act(1, "reassign", ADMIN, to="dora")

    story.pass_by(4 * HOUR)

    assert story.open == {}
    assert story.item(1).addressee == DORA
