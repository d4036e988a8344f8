"""Connector calls and mails inside a process: what is asked for, which path an outcome takes, and what overtakes it."""

import pytest

from placet.commands import JobEnded
from placet.core.outcomes import MOST_KEPT
from placet.core.statuses import Life
from tests.builders import ANNA, BOB, DAY, Story, a_call, a_definition, a_mail, a_status, a_wait, an_approval, started

USERS = {"names": "json", "found": "integer", "who": "string"}


def a_story(call=None, *, data=None, **more):
    """A process that waits for the call of its first activity."""
    return Story(a_definition(data=USERS, call=call or a_call(**more), no=a_status("denied"))).start(data=data)


# -- what is asked for -------------------------------------------------------------------------------


def test_a_call_is_a_job_with_its_inputs_and_a_key_of_its_own():
    story = a_story(inputs={"status": "'ACTIVE'", "name": "data.who"}, data={"who": "Ann"})

    job = story.job()
    assert (job.kind, job.lane, job.timer_at) == ("call", "connector/users", story.now)
    assert job.payload == {
        "connector": "Users",
        "inputs": {"status": "ACTIVE", "name": "Ann"},
        "key": f"{story.id}-1",
        "tries": [],
    }
    assert (story.life, story.kinds) == (Life.RUNNING, ["process.started", "call.requested"])


def test_an_input_that_is_null_is_not_given():
    story = a_story(inputs={"a": "has(data.who) ? data.who : null", "b": "null", "c": "0", "d": "''"})

    assert story.job().payload["inputs"] == {"c": 0, "d": ""}


@pytest.mark.parametrize("source", ["data.who", "1 / 0", r"'\u0000'"])
def test_inputs_that_cannot_be_made_end_the_process_in_error(source):
    """That is a fault of the definition: nobody has been asked for anything yet."""
    story = a_story(inputs={"name": source}, fault="no")

    assert (story.life, story.jobs) == (Life.ERROR, [])
    assert story.told()[0].startswith("Call: ")


def test_times_and_bytes_are_given_as_they_are_stored():
    story = a_story(inputs={"at": "timestamp('2026-03-02T09:00:00Z')", "for": "duration('90s')"})

    assert story.job().payload["inputs"] == {"at": "2026-03-02T09:00:00.000Z", "for": "90s"}


# -- every outcome, with and without its path --------------------------------------------------------


def test_an_answer_sets_data_and_goes_on_over_success():
    story = a_story(outputs={"names": "response.message.map(each, each.name)", "found": "size(response.message)"})

    story.job_ended(message=[{"name": "Ann"}, {"name": "Ben"}])

    assert (story.life, story.jobs) == (Life.APPROVED, [])
    assert story.process.data == {"names": ["Ann", "Ben"], "found": 2}
    assert story.kinds == ["process.started", "call.requested", "call.succeeded", "process.completed"]


def test_outputs_see_the_whole_response_and_the_data_as_they_were():
    story = a_story(
        outputs={"found": "response.code", "who": "string(response.success) + data.who + response.headers['x-a']"},
        data={"who": " or "},
    )

    story.job_ended(response={"success": True, "code": 201, "message": None, "headers": {"x-a": "b"}, "error": None})

    assert story.process.data == {"found": 201, "who": "true or b"}


@pytest.mark.parametrize(
    ("outcome", "drawn", "taken"),
    [
        ("fault", {"fault"}, "fault"),
        ("fault", {"fault", "timedout"}, "fault"),
        ("timedout", {"timedout"}, "timedout"),
        ("timedout", {"fault", "timedout"}, "timedout"),
        ("timedout", {"fault"}, "fault"),
        ("fault", {"timedout"}, None),
        ("fault", set(), None),
        ("timedout", set(), None),
    ],
)
def test_a_failure_takes_its_path_where_it_is_drawn_and_else_waits_for_a_person(outcome, drawn, taken):
    ways = {path: f"to_{path}" for path in drawn}
    steps = {f"to_{path}": an_approval(BOB) for path in drawn}
    story = Story(a_definition(call=a_call(**ways), **steps)).start()

    story.job_ended(outcome, reason="the service said no")

    assert story.life is Life.RUNNING
    assert "call.failed" in story.kinds
    if taken is not None:
        assert story.item(1).activity == f"to_{taken}"
        assert story.told() == ["Call: the service said no"]
        assert story.snapshot.incidents == {}
    else:
        assert (story.open, story.jobs, story.told()) == ({}, [], [])
        assert story.kinds[-1] == "incident.opened"
        assert story.incident().reason == "the service said no"


def test_an_answer_that_the_outputs_cannot_use_is_a_fault():
    undrawn = a_story(outputs={"found": "response.message.count"})
    drawn = a_story(outputs={"found": "response.message.count"}, fault="no")
    wrong = a_story(outputs={"found": "response.message"}, fault="no")

    undrawn.job_ended(message=["x"])
    drawn.job_ended(message=["x"])
    wrong.job_ended(message="many")

    assert undrawn.incident().reason.startswith("it answered, and the answer could not be used: The expression")
    assert (drawn.life, wrong.life) == (Life.DENIED, Life.DENIED)
    assert "'found'" in wrong.told()[0]
    assert wrong.process.data == {}


TOLD = {
    "found": "response.code",
    "who": "response.error + (response.success ? ' yes' : ' no') + string(response.message == null)",
}
GONE = {"success": False, "code": 404, "message": None, "headers": {}, "error": "Not Found", "result": None}


@pytest.mark.parametrize(
    ("outcome", "response", "told"),
    [
        ("fault", GONE, {"found": 404, "who": "Not Found notrue"}),
        ("timedout", GONE | {"code": None, "error": "no answer"}, {"who": "no answer notrue"}),
        ("fault", None, {"who": "there is none notrue"}),
    ],
)
def test_a_process_learns_of_a_failure_what_it_asks_for(outcome, response, told):
    story = a_story(fault_outputs=TOLD, fault="no")
    story.job_ended(outcome, reason="there is none", response=response)

    assert (story.life, story.process.data) == (Life.DENIED, told)


def test_an_answer_that_cannot_be_used_is_a_failure_to_learn_of():
    story = a_story(outputs={"found": "response.message.count"}, fault_outputs=TOLD, fault="no")
    story.job_ended(message={"other": 1})

    assert story.process.data["found"] == 200
    assert story.process.data["who"].startswith("it answered, and the answer could not be used: ")
    assert story.process.data["who"].endswith(" nofalse")


def test_what_cannot_be_learnt_of_a_failure_is_told_and_holds_nothing_up():
    story = a_story(fault_outputs={"found": "response.code", "who": "response.message.detail"}, fault="no")
    story.job_ended("fault", reason="it said no", response=GONE)

    assert (story.life, story.process.data) == (Life.DENIED, {})
    assert story.told()[0].startswith("Call: it said no (its fault_outputs could not be made: The expression")


def test_an_incident_sets_nothing():
    story = a_story(fault_outputs=TOLD)
    story.job_ended("fault", reason="it said no", response=GONE)

    assert (story.life, story.process.data) == (Life.RUNNING, {})


def test_an_incident_tells_what_was_tried_and_what_came_back():
    tries = [{"at": "2026-03-02T09:00:00+00:00", "code": code, "error": "no", "ms": 3} for code in (500, 503)]
    story = a_story(inputs={"n": "1"})

    story.job_ended("fault", {"detail": "down"}, reason="down", tries=tries)

    found = story.incident()
    assert (found.number, found.kind, found.activity, found.token) == (1, "connector", "call", 1)
    assert (found.opened_at, found.reason, found.resolved_at) == (story.now, "down", None)
    assert found.payload["tries"] == tries
    assert found.payload["inputs"] == {"n": 1}
    assert found.payload["response"]["message"] == {"detail": "down"}
    assert "result" not in found.payload["response"]
    assert story.process.incident_count == 1


def test_of_a_long_answer_an_incident_keeps_the_beginning():
    story = a_story()

    story.job_ended("fault", ["x" * MOST_KEPT], reason="too much")

    kept = story.incident().payload["response"]
    assert kept["code"] == 500
    assert (kept["message"][:4], len(kept["message"])) == ('["xx', MOST_KEPT)


# -- mails -------------------------------------------------------------------------------------------


def test_a_mail_is_a_job_that_the_process_waits_for():
    story = started(mail=a_mail())
    assert (story.job().kind, story.job().lane, story.life) == ("mail", "mail", Life.RUNNING)

    story.job_ended()

    assert (story.life, story.kinds[1:3]) == (Life.APPROVED, ["mail.requested", "mail.sent"])


def test_a_mail_that_cannot_be_sent_takes_error_or_waits_for_a_person():
    drawn, undrawn = started(mail=a_mail(error="no"), no=a_status("denied")), started(mail=a_mail())

    drawn.job_ended("fault", reason="nobody took it")
    undrawn.job_ended("timedout", reason="nobody took it")

    assert (drawn.life, drawn.told()) == (Life.DENIED, ["Mail: nobody took it"])
    assert (undrawn.life, undrawn.incident().kind) == (Life.RUNNING, "mail")


# -- what comes too late -----------------------------------------------------------------------------


def test_an_outcome_by_an_older_lease_is_overtaken():
    story = a_story()

    assert story.job_ended(timer=1) is None
    assert story.job_ended(timer=0) is not None


def test_an_outcome_comes_once():
    story = Story(a_definition(call=a_call(to="ask"), ask=an_approval(BOB))).start()
    late = JobEnded(process_id=story.id, number=1, timer=0, outcome="success")
    story.job_ended()

    assert story.send(late) is None
    assert story.open == {1: BOB}


def test_an_outcome_of_a_terminated_process_changes_nothing():
    story = a_story()
    late = JobEnded(process_id=story.id, number=1, timer=0, outcome="success")
    story.terminate(ANNA)

    assert story.jobs == []
    assert story.send(late) is None
    assert story.life is Life.RETRACTED


def test_a_job_of_the_engine_itself_does_not_end_from_outside():
    story = started(wait=a_wait(DAY))

    assert story.send(JobEnded(process_id=story.id, number=1, timer=0, outcome="success")) is None


# -- pauses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "life"), [("success", Life.APPROVED), ("fault", Life.DENIED)])
def test_a_pause_holds_an_outcome_back(outcome, life):
    story = a_story(outputs={"found": "response.message"}, fault="no")
    story.pause()

    story.job_ended(outcome, 7, reason="it failed")
    assert (story.life, story.job().timer_at) == (Life.STOPPED, None)
    assert story.job_ended(outcome, 8) is None  # it has come already

    story.resume()
    assert story.life is life
    assert story.process.data == ({"found": 7} if outcome == "success" else {})
    assert story.jobs == []


def test_an_incident_after_a_pause_is_as_one_without():
    story = a_story(inputs={"n": "1"})
    story.pause()
    story.job_ended(
        "timedout",
        reason="nothing came",
        tries=[{"at": "2026-03-02T09:00:00+00:00", "code": None, "error": "e", "ms": 1}],
    )
    story.resume()

    payload = story.incident().payload
    assert (story.incident().reason, len(payload["tries"])) == ("nothing came", 1)
    assert payload.keys() == {"connector", "inputs", "key", "tries", "response"}


def test_a_pause_leaves_a_call_that_is_under_way_alone():
    story = a_story()
    before = story.job()

    story.pause()
    story.resume()

    assert story.job() == before
    story.job_ended()
    assert story.life is Life.APPROVED


def test_an_outcome_held_back_goes_with_a_process_that_is_terminated():
    story = a_story()
    story.pause()
    story.job_ended()

    story.terminate(ANNA)

    assert (story.life, story.jobs) == (Life.RETRACTED, [])
