"""The life of a process: starting, stopping, ending, and what is refused on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from placet.commands import ChildEnded, FireItemTimer, FireJob, StartProcess
from placet.core.definition import Definition
from placet.core.people import Directory
from placet.core.statuses import Life
from placet.errors import (
    Conflict,
    InvalidData,
    InvalidInput,
    NotAllowed,
    NotFound,
    RevisionMismatch,
    TransitionNotAllowed,
)
from tests.builders import (
    ADMIN,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DAY,
    DIRECTORY,
    GONE,
    HOUR,
    NINE,
    STRANGER,
    Story,
    a_child,
    a_definition,
    a_status,
    a_wait,
    an_approval,
    started,
)

ASK = a_definition(ask=an_approval())


def test_a_start_waits_at_its_first_approval():
    story = Story(ASK).start(ANNA, recipient="carl", correlation_id="C-1")

    process = story.process
    assert (process.initiator, process.recipient, process.correlation_id) == (ANNA, CARL, "C-1")
    assert (process.life, process.created_at, process.engine_id, process.revision) == (Life.RUNNING, NINE, "node-1", 1)
    assert story.open == {1: BOB}
    assert story.kinds == ["process.started", "work_item.assigned"]
    assert story.events[0].command_id is not None
    assert story.events[1].command_id is None


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, ANNA),
        ("BOB", BOB),
        ("CN=bob, OU=users, o=placet", BOB),
        (BOARD.upper(), BOARD),
        ("cn=nobody,o=elsewhere", "cn=nobody,o=elsewhere"),
    ],
)
def test_whom_a_recipient_names(given, found):
    assert Story(ASK).start(ANNA, recipient=given).process.recipient == found


def test_an_unknown_word_is_no_recipient():
    with pytest.raises(InvalidInput, match="neither a user name that is known nor a DN"):
        Story(ASK).start(ANNA, recipient="nobody")


def test_a_start_needs_somebody_who_asks():
    with pytest.raises(InvalidInput, match="needs an initiator"):
        Story(ASK).start(None)


def test_nobody_starts_in_the_name_of_another():
    with pytest.raises(NotAllowed, match="in the name of"):
        Story(ASK).start(BOB, actor=ANNA)
    assert Story(ASK).start(BOB, actor=ADMIN).process.initiator == BOB
    assert Story(ASK).start("Anna", actor=ANNA).process.initiator == ANNA


def test_only_an_administrator_names_a_proxy():
    with pytest.raises(NotAllowed, match="proxy"):
        Story(ASK).start(None, actor=ANNA, proxy=BOB)
    assert Story(ASK).start(None, actor=ADMIN, proxy="bob").process.proxy == BOB


# -- who is inactive -------------------------------------------------------------------------------


def test_whoever_is_inactive_may_do_nothing():
    with pytest.raises(NotAllowed, match=r"cn=gone,ou=users,o=placet is inactive and may do nothing"):
        Story(ASK).start(None, actor=GONE)

    story = Story(ASK).start(GONE)  # the engine itself may start it for him
    for deed in (
        lambda: story.act(1, "approve", GONE),
        lambda: story.terminate(GONE),
        lambda: story.pause(GONE),
        lambda: story.comment("Goodbye.", "Gone"),
    ):
        with pytest.raises(NotAllowed, match="is inactive"):
            deed()
    assert story.open == {1: BOB}


def test_an_administrator_who_is_inactive_administers_nothing():
    story = Story(ASK).start(ANNA)
    people = [replace(person, active=person.dn != ADMIN) for person in DIRECTORY.people.values()]
    story.directory = Directory(people, DIRECTORY.groups.values())

    with pytest.raises(NotAllowed, match="is inactive"):
        story.pause(ADMIN)
    story.terminate(None)
    assert story.life is Life.RETRACTED


def test_a_dn_that_is_no_users_may_be_started_for_and_has_no_permission():
    assert Story(ASK).start("cn=elsewhere,o=x").process.initiator == "cn=elsewhere,o=x"
    with pytest.raises(NotAllowed, match="PM_CASES, which cn=elsewhere,o=x does not have"):
        Story(ASK).start(None, actor="cn=elsewhere,o=x")


def test_a_retired_definition_starts_nothing_and_goes_on_with_what_runs():
    story = started(ask=an_approval())
    fields = {slot: getattr(story.definition, slot) for slot in Definition.__slots__}
    story.definition = Definition(**(fields | {"retired": True}))

    with pytest.raises(Conflict, match="retired"):
        Story(story.definition).start()
    story.act(1, "approve", BOB)
    assert story.life is Life.APPROVED


def test_the_same_start_twice_is_one_start():
    story = Story(ASK).start()

    assert story.send(StartProcess(process_id=story.id, definition=ASK.dn, initiator=ANNA)) is None


def test_data_is_checked_at_the_start():
    definition = a_definition(data={"days": "integer required"}, ask=an_approval())

    with pytest.raises(InvalidData, match="'days' is required"):
        Story(definition).start()
    with pytest.raises(InvalidData, match="no data item"):
        Story(definition).start(data={"days": 1, "nights": 2})
    assert Story(definition).start(data={"days": "3"}).process.data == {"days": 3}


def test_a_command_for_no_process_is_not_found():
    story = Story(ASK)

    with pytest.raises(NotFound):
        story.terminate()
    with pytest.raises(NotFound, match=r"no work item [0-9a-f]{28}0007"):
        story.start().act(7, "approve", BOB)
    with pytest.raises(NotFound, match=r"no work item [0-9a-f]{28}0007"):
        story.comment("hm", number=7)


@pytest.mark.parametrize("step", ["approve", "terminate", "pause", "resume"])
def test_a_stale_revision_is_refused(step):
    story = started(ask=an_approval())
    if step == "resume":
        story.pause()
    revision = story.process.revision

    def send(given):
        if step == "approve":
            story.act(1, step, BOB, revision=given)
        else:
            getattr(story, step)(ADMIN, revision=given)

    with pytest.raises(RevisionMismatch, match=f"at revision {revision}, not {revision - 1}"):
        send(revision - 1)
    send(revision)
    assert story.process.revision == revision + 1


# -- terminating -----------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [None, ANNA, "CN=Anna, ou=users,o=placet", ADMIN])
def test_initiator_and_administrator_terminate(actor):
    story = started(ask=an_approval([BOB, CARL], settle="all"))

    story.terminate(actor, reason="not needed")

    assert story.life is Life.RETRACTED
    assert story.open == {}
    assert story.kinds[-3:] == ["work_item.cancelled", "work_item.cancelled", "process.terminated"]
    assert story.comments[0].text == "not needed"
    assert story.comments[0].system is (actor is None)


@pytest.mark.parametrize("actor", [BOB, STRANGER, "cn=admin,ou=users,o=elsewhere"])
def test_others_do_not_terminate(actor):
    with pytest.raises(NotAllowed):
        started(ask=an_approval()).terminate(actor)


def test_ending_in_error_takes_the_permission():
    story = started(ask=an_approval())

    with pytest.raises(NotAllowed, match="end the process in error takes the permission PM_CANCELCASE"):
        story.terminate(ANNA, error=True)
    story.terminate(ADMIN, error=True)
    assert story.life is Life.ERROR


@pytest.mark.parametrize("ending", ["approve", "deny", "terminate"])
def test_what_is_over_takes_no_more_commands(ending):
    story = started(ask=an_approval())
    timer = story.item(1).timer
    story.terminate(ANNA) if ending == "terminate" else story.act(1, ending, BOB)
    before = story.process

    for refused in (story.terminate, story.pause, story.resume):
        with pytest.raises(TransitionNotAllowed, match="nothing more can happen to it"):
            refused(ADMIN)
    for action in ("approve", "deny", "refuse", "claim", "release", "comment", "return"):
        with pytest.raises(Conflict):
            story.act(1, action, BOB, comment="late")
    with pytest.raises(Conflict):
        story.act(1, "reassign", ADMIN, to="carl")
    assert story.send(FireItemTimer(process_id=story.id, number=1, timer=timer)) is None
    assert story.send(ChildEnded(process_id=story.id, token=1, child="x", outcome="error")) is None
    assert story.process == before


def test_who_comes_too_late_reads_why():
    story = started(ask=an_approval([BOB, CARL]))
    story.now += HOUR
    story.act(1, "deny", BOB)

    with pytest.raises(Conflict, match=r"denied by Bob at 2026-03-02 10:00:00 UTC"):
        story.act(1, "approve", BOB)
    with pytest.raises(Conflict, match="cancelled at"):
        story.act(2, "approve", CARL)


# -- pausing ---------------------------------------------------------------------------------------


def test_only_an_administrator_pauses():
    story = started(ask=an_approval())

    with pytest.raises(NotAllowed):
        story.pause(ANNA)
    story.pause()
    with pytest.raises(NotAllowed):
        story.resume(ANNA)
    assert story.life is Life.STOPPED


def test_a_paused_process_is_read_not_acted_on():
    story = started(ask=an_approval())
    story.pause()

    for action in ("approve", "claim", "return", "comment"):
        with pytest.raises(Conflict, match="stopped"):
            story.act(1, action, BOB, comment="hm")
    with pytest.raises(Conflict, match="stopped"):
        story.act(1, "reassign", ADMIN, to="carl")
    with pytest.raises(TransitionNotAllowed):
        story.pause()
    story.comment("still there?", ANNA)
    story.resume()
    with pytest.raises(TransitionNotAllowed):
        story.resume()
    story.act(1, "approve", BOB)
    assert story.life is Life.APPROVED


def test_a_paused_process_can_be_terminated():
    story = started(ask=an_approval())
    story.pause()

    story.terminate(ANNA)

    assert story.life is Life.RETRACTED


def test_a_wait_has_as_long_to_go_as_it_had():
    story = started(rest=a_wait(3 * DAY))
    timer = story.snapshot.jobs[1].timer
    story.pass_by(DAY)
    story.pause()
    story.pass_by(10 * DAY)
    assert story.send(FireJob(process_id=story.id, number=1, timer=timer)) is None
    story.resume()
    assert story.snapshot.jobs[1].timer_at == NINE + 13 * DAY

    story.pass_by(2 * DAY - timedelta(milliseconds=1))
    assert story.life is Life.RUNNING
    story.pass_by(timedelta(milliseconds=1))
    assert story.life is Life.APPROVED


def test_what_came_due_before_the_pause_and_was_not_fired_comes_after_it():
    story = started(rest=a_wait(DAY))
    story.now += 2 * DAY
    story.pause()
    story.resume()

    story.pass_by(timedelta())

    assert story.life is Life.APPROVED


# -- comments --------------------------------------------------------------------------------------


def test_a_comment_names_who_wrote_it_and_about_what():
    story = started(ask=an_approval())

    story.comment("why?", CARL, number=1)

    comment = story.comments[0]
    assert (comment.text, comment.user, comment.activity, comment.system, comment.number) == (
        "why?",
        CARL,
        "ask",
        False,
        1,
    )
    assert story.kinds[-1] == "process.commented"


# -- other processes -------------------------------------------------------------------------------


def test_a_child_is_asked_for_and_waited_for():
    story = Story(a_definition(data={"n": "integer"}, sub=a_child(recipient="'dora'", n="data.n + 1"))).start(
        data={"n": 1}, correlation_id="C"
    )

    job = story.snapshot.jobs[1]
    assert job.kind == "start_child"
    assert job.payload["data"] == {"n": 2}
    assert job.payload["recipient"] == "cn=dora,ou=users,o=placet"
    assert (job.payload["initiator"], job.payload["correlation_id"]) == (ANNA, "C")
    assert job.payload["parent"] == f"{story.id}:1"
    assert story.life is Life.RUNNING


@pytest.mark.parametrize(
    ("outcome", "life"),
    [
        ("approved", Life.APPROVED),
        ("denied", Life.DENIED),
        ("retracted", Life.DENIED),
        ("error", Life.ERROR),
    ],
)
def test_how_a_child_ends_decides_where_its_parent_goes(outcome, life):
    story = started(sub=a_child())

    story.child_ended(outcome, reason="it broke" if outcome == "error" else None)

    assert story.life is life
    if outcome == "error":
        assert "it broke" in story.told()[0]


def test_a_failed_child_takes_the_error_path_where_drawn():
    story = started(sub=a_child(error="sorry"), sorry=a_status("denied"))

    story.child_ended("error", reason="it broke")

    assert story.life is Life.DENIED
    assert "it broke" in story.told()[0]


def test_an_outcome_is_heard_once_and_only_from_the_child_that_is_waited_for():
    story = started(sub=a_child(), paths=an_approval())
    assert story.child_ended("approved", child="f" * 32) is None
    story.child_ended("approved")

    assert story.child_ended("approved") is None
    assert story.life is Life.APPROVED


def test_an_outcome_during_a_pause_is_held():
    story = started(sub=a_child())
    story.pause()

    story.child_ended("denied")
    assert story.life is Life.STOPPED
    story.resume()

    assert story.life is Life.DENIED


def test_a_parent_that_ends_stops_its_child():
    story = started(sub=a_child())

    story.terminate(ANNA)

    stop = next(job for job in story.snapshot.jobs.values() if job.kind == "stop_child")
    assert stop.payload["child"] == story.events[1].detail["child"]
    assert "start_child" not in story.jobs


def test_a_child_that_nobody_waits_for_starts_even_where_its_parent_ends_at_once():
    story = started(sub=a_child(wait=False))

    assert story.life is Life.APPROVED
    assert story.jobs == ["start_child"]
    assert story.snapshot.jobs[1].payload["parent"] is None


def test_a_parent_is_told_how_its_child_ended():
    story = Story(ASK).start(parent="0" * 32 + ":4")

    story.act(1, "deny", BOB)

    tell = next(iter(story.snapshot.jobs.values()))
    assert (tell.kind, tell.payload["parent"], tell.payload["outcome"]) == ("tell_parent", "0" * 32 + ":4", "denied")


def test_a_recipient_of_a_child_is_one_person():
    story = started(sub=a_child(recipient="['bob', 'carl']"))

    assert story.life is Life.ERROR
    assert "has to be one person, not 2" in story.told()[0]


def test_an_unwaited_child_that_failed_leaves_a_comment():
    story = started(sub=a_child(wait=False), ask=an_approval())
    running = Story(a_definition(sub=_then_ask(), ask=an_approval())).start()
    assert story.life is Life.APPROVED

    running.child_ended("error", reason="no such definition")

    assert "no such definition" in running.told()[0]
    assert running.life is Life.RUNNING


def _then_ask():
    child = a_child(wait=False)
    fields = {slot: getattr(child, slot) for kind in type(child).__mro__ for slot in getattr(kind, "__slots__", ())}
    return type(child)(**(fields | {"paths": {"next": "ask"}}))


def test_what_a_database_cannot_hold_never_leaves_an_expression():
    story = started(sub=a_child(word=r"'a\u0000b'"))

    assert story.life is Life.ERROR
    assert "NUL" in story.told()[0]


def test_nobody_is_known_in_an_empty_directory():
    story = Story(ASK, directory=Directory()).start("cn=ann,o=x")

    assert story.life is Life.ERROR
