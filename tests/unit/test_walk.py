"""Walking the flow: what each kind of activity does, how paths meet, and how a definition that fails ends."""

from datetime import timedelta

import pytest

from placet.core.records import WorkItem
from placet.core.statuses import Life
from tests.builders import (
    ANNA,
    BOB,
    CARL,
    DAY,
    DORA,
    EVE,
    NINE,
    Story,
    a_branch,
    a_condition,
    a_definition,
    a_log,
    a_mapping,
    a_merge,
    a_status,
    a_wait,
    an_approval,
    started,
)

YES, NO = {"approved": "end"}, {"denied": "end"}


def test_nothing_but_a_finish_is_approved():
    story = Story(a_definition()).start()

    assert (story.life, story.process.completed_at) == (Life.APPROVED, NINE)
    assert story.kinds == ["process.started", "process.completed"]


# -- one kind after the other ------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "asked"), [(10, BOB), (11, CARL)])
def test_a_condition_takes_one_of_two_paths(days, asked):
    definition = a_definition(
        data={"days": "integer"},
        size=a_condition("data.days > 10", true="big", false="small"),
        big=an_approval(CARL),
        small=an_approval(BOB),
    )

    assert Story(definition).start(data={"days": days}).open == {1: asked}


@pytest.mark.parametrize("when", ["1", "'true'", "null", "data.nothing", "[true]", "1 / 0 == 1", "data"])
def test_a_condition_gives_true_or_false(when):
    undrawn = started(size=a_condition(when, true="done", false="done"))
    drawn = started(size=a_condition(when, true="done", false="done", error="no"), no=a_status("denied"))

    assert (undrawn.life, drawn.life) == (Life.ERROR, Life.DENIED)
    assert undrawn.told()[0].startswith("Size: ")
    assert undrawn.told() == drawn.told()
    assert undrawn.events[-1].kind == "process.failed"
    assert undrawn.events[-1].detail["reason"] == undrawn.told()[0]


def test_a_mapping_sees_the_data_as_it_was_before():
    definition = a_definition(
        data={"a": "integer", "b": "integer", "who": "dn"},
        swap=a_mapping(a="data.b", b="data.a", who="initiator.manager.dn"),
    )

    assert Story(definition).start(data={"a": 1, "b": 2}).process.data == {"a": 2, "b": 1, "who": BOB}


@pytest.mark.parametrize("source", ["'x'", "1.5", "data.nothing", "[1, 2]", r"'\u0000'"])
def test_a_mapping_that_does_not_fit_changes_nothing(source):
    data = {"n": "integer", "m": "integer"}
    undrawn = Story(a_definition(data=data, set=a_mapping(m="7", n=source))).start(data={"n": 1})
    drawn = Story(a_definition(data=data, set=a_mapping("done", "no", m="7", n=source), no=a_status("denied"))).start(
        data={"n": 1}
    )

    assert (undrawn.life, drawn.life) == (Life.ERROR, Life.DENIED)
    assert undrawn.process.data == drawn.process.data == {"n": 1}


def test_a_log_is_a_comment_in_the_initiators_name():
    story = started(note=a_log("'for ' + initiator.name"))

    comment = story.comments[0]
    assert (comment.text, comment.user, comment.activity, comment.system) == ("for Anna", ANNA, "note", False)
    assert story.kinds[1] == "process.logged"


@pytest.mark.parametrize("text", ["1", "null", r"'a\u0000b'", "data.nothing"])
def test_a_log_that_is_no_text_ends_in_error(text):
    assert started(note=a_log(text)).life is Life.ERROR


def test_a_wait_ends_by_itself():
    story = started(rest=a_wait(2 * DAY, to="ask"), ask=an_approval())
    story.pass_by(2 * DAY - timedelta(milliseconds=1))
    assert story.open == {}
    story.pass_by(timedelta(milliseconds=1))

    assert story.open == {1: BOB}
    assert story.jobs == []


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        ("now + duration('36h')", NINE + 1.5 * DAY),
        ("timestamp('2026-03-03T10:00:00+01:00')", NINE + DAY),
        ("process.created_at + duration('24h')", NINE + DAY),
    ],
)
def test_a_wait_until(until, ends):
    story = started(rest=a_wait(until=until))

    assert story.snapshot.jobs[1].timer_at == ends
    story.pass_by(ends - NINE)
    assert story.life is Life.APPROVED


@pytest.mark.parametrize("until", ["now", "timestamp('2001-01-01T00:00:00Z')"])
def test_a_time_that_has_passed_is_no_wait(until):
    assert started(rest=a_wait(until=until)).life is Life.APPROVED


@pytest.mark.parametrize("until", ["'tomorrow'", "timestamp('tomorrow')", "1", "data.nothing"])
def test_a_wait_for_what_is_no_time_ends_in_error(until):
    assert started(rest=a_wait(until=until)).life is Life.ERROR


# -- how it ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "life"),
    [
        (["approve", "approve"], Life.APPROVED),
        (["approve", "deny"], Life.DENIED),
        (["deny", "approve"], Life.APPROVED),
        (["deny", "deny"], Life.DENIED),
        (["refuse", "refuse"], Life.DENIED),
    ],
)
def test_the_last_decision_counts(answers, life):
    ask = an_approval(paths={"approved": "note", "denied": "note"})
    story = started(one=ask, note=a_log(to="two"), two=an_approval(CARL))
    for number, answer in enumerate(answers, 1):
        story.act(number, answer)

    assert story.life is life


@pytest.mark.parametrize("answer", ["approve", "deny"])
@pytest.mark.parametrize(("given", "life"), [("approved", Life.APPROVED), ("denied", Life.DENIED)])
def test_a_status_activity_decides(answer, given, life):
    both = {"approved": "set", "denied": "set"}
    story = started(ask=an_approval(paths=both), set=a_status(given))

    story.act(1, answer)

    assert story.life is life


def test_of_two_status_activities_the_last_counts():
    story = started(
        one=a_status("denied", to="ask"), ask=an_approval(paths={"denied": "two"}), two=a_status("approved")
    )
    story.act(1, "deny")

    assert story.life is Life.APPROVED


# -- branch and merge --------------------------------------------------------------------------------


def a_fork(**more):
    """Two approvals at once, whose answers both lead to the merge."""
    both = {"approved": "meet", "denied": "meet"}
    return started(
        fork=a_branch("left", "right"),
        left=an_approval(BOB, paths=both),
        right=an_approval(CARL, paths=both),
        **{"meet": a_merge()} | more,
    )


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize(
    ("answers", "life"),
    [
        (("approve", "approve"), Life.APPROVED),
        (("approve", "deny"), Life.DENIED),
        (("deny", "approve"), Life.DENIED),
        (("deny", "deny"), Life.DENIED),
    ],
)
def test_of_merged_branches_one_denied_is_enough(order, answers, life):
    story = a_fork()
    assert story.open == {1: BOB, 2: CARL}
    for number in order:
        assert story.life is Life.RUNNING
        story.act(number, answers[number - 1])

    assert story.life is life


def test_an_approval_after_the_merge_decides_anew():
    story = a_fork(meet=a_merge("last"), last=an_approval(DORA))
    story.act(1, "deny")
    story.act(2, "approve")
    assert story.open == {3: DORA}
    story.act(3, "approve")

    assert story.life is Life.APPROVED


def test_what_fails_in_one_branch_ends_the_others():
    story = started(
        fork=a_branch("left", "rest", "bad"),
        left=an_approval(paths={"approved": "meet", "denied": "meet"}),
        rest=a_wait(DAY, to="meet"),
        bad=a_log("1", to="meet"),
        meet=a_merge(),
    )

    assert story.life is Life.ERROR
    assert story.jobs == []
    assert story.open == {}


def nested():
    both = {"approved": "inner_meet", "denied": "inner_meet"}
    return started(
        outer=a_branch("inner", "side"),
        inner=a_branch("a", "b"),
        a=an_approval(BOB, paths=both),
        b=an_approval(CARL, paths=both),
        inner_meet=a_merge("after"),
        after=an_approval(DORA, paths={"approved": "meet", "denied": "meet"}),
        side=an_approval(EVE, paths={"approved": "meet", "denied": "meet"}),
        meet=a_merge(),
    )


def test_branches_nest():
    story = nested()
    eve = next(number for number, addressee in story.open.items() if addressee == EVE)
    story.act(eve, "approve")
    for number in [n for n in story.open if n != eve]:
        story.act(number, "deny")
    assert list(story.open.values()) == [DORA]
    story.act(max(story.open), "approve")

    assert story.life is Life.APPROVED


def test_a_no_of_the_outer_branch_stays_whatever_the_inner_one_says():
    story = nested()
    eve = next(number for number, addressee in story.open.items() if addressee == EVE)
    story.act(eve, "deny")
    while story.open:
        story.act(min(story.open), "approve")

    assert story.life is Life.DENIED


def test_a_branch_in_a_circle_counts_each_round_for_itself():
    both = {"approved": "meet", "denied": "meet"}
    definition = a_definition(
        data={"n": "integer"},
        fork=a_branch("left", "right"),
        left=an_approval(BOB, paths=both, writes=("n",)),
        right=an_approval(CARL, paths=both),
        meet=a_merge("again"),
        again=a_condition("data.n > 1", true="done", false="fork"),
    )
    story = Story(definition).start(data={"n": 1})
    story.act(1, "deny")
    story.act(2, "approve")
    assert story.open == {3: BOB, 4: CARL}
    story.act(3, "approve", BOB, data={"n": 2})
    story.act(4, "approve")

    assert story.life is Life.APPROVED


# -- what goes wrong ---------------------------------------------------------------------------------


def test_a_runaway_loop_ends_in_error():
    story = started(a=a_log(to="b"), b=a_condition("true", true="a", false="done"))

    assert story.life is Life.ERROR
    assert "ran through 1000 activities without a wait; it last stood on" in story.told()[-1]
    assert len(story.told(system=False)) == 500


def test_a_branch_that_breeds_ends_in_error():
    story = started(fork=a_branch("fork", "fork"))

    assert story.life is Life.ERROR


def test_an_error_path_that_fails_again_ends_in_error():
    story = started(
        one=a_condition("1", true="done", false="done", error="two"),
        two=a_mapping("done", "one", n="1"),
    )

    assert story.life is Life.ERROR
    assert "without a wait" in story.told()[-1]


def test_every_pair_of_statuses_that_occurred_is_one_of_six():
    assert {(life.process_status.name, life.approval_status.name) for life in Life} == {
        ("RUNNING", "PROCESSING"),
        ("STOPPED", "PROCESSING"),
        ("COMPLETED", "APPROVED"),
        ("COMPLETED", "DENIED"),
        ("TERMINATED", "RETRACTED"),
        ("TERMINATED", "ERROR"),
    }


def test_items_are_numbered_over_the_whole_process():
    story = a_fork(meet=a_merge("last"), last=an_approval([BOB, CARL]))
    story.act(1, "approve")
    story.act(2, "approve")

    items = [item for item in story.snapshot.items.values() if isinstance(item, WorkItem)]
    assert [(item.number, item.activity) for item in items] == [(1, "left"), (2, "right"), (3, "last"), (4, "last")]
    assert items[3].id == story.id[:28] + "0004"
