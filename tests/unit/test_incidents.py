"""Incidents: who may resolve one, what a retry sends, what a skip sets, and when an incident closes by itself."""

import pytest

from placet.core.records import Incident
from placet.core.statuses import Life
from placet.errors import Conflict, InvalidData, InvalidInput, NotAllowed, NotFound
from tests.builders import (
    ADMIN,
    ANNA,
    BOB,
    NINE,
    Story,
    a_branch,
    a_call,
    a_definition,
    a_mail,
    a_merge,
    a_status,
    an_approval,
)

DATA = {"who": "string", "found": "integer", "set_inside": "string internal"}


def a_story(call=None, **more):
    """A process whose call has failed, with its incident open."""
    call = call or a_call(inputs={"name": "data.who"}, outputs={"found": "response.message"}, **more)
    story = Story(a_definition(data=DATA, call=call, no=a_status("denied"))).start(data={"who": "Ann"})
    story.job_ended("fault", reason="it said no", tries=[{"at": NINE.isoformat(), "code": 500, "error": "no", "ms": 1}])
    return story


def a_mail_story(**more):
    story = Story(a_definition(data=DATA, mail=a_mail(**more))).start(data={"who": "Ann"})
    story.job_ended("fault", reason="nobody took it")
    return story


# -- retrying ----------------------------------------------------------------------------------------


def test_a_retry_calls_again_with_the_same_key():
    story = a_story()

    story.retry()

    job, found = story.job(), story.incident()
    assert (job.number, job.payload["key"], job.payload["inputs"]) == (2, f"{story.id}-1", {"name": "Ann"})
    assert (job.payload["tries"], job.payload.keys()) == ([], {"connector", "inputs", "key", "tries"})
    assert (found.resolution, found.actor, found.resolved_at) == ("retried", ADMIN, NINE)
    assert story.kinds[-2:] == ["incident.retried", "call.requested"]
    story.job_ended(message=3)
    assert (story.life, story.process.data["found"]) == (Life.APPROVED, 3)


def test_a_retry_that_fails_again_is_another_incident():
    story = a_story()

    story.retry()
    story.job_ended("fault", reason="still no")

    assert [story.incident(n).reason for n in (1, 2)] == ["it said no", "still no"]
    assert story.incident(2).payload["key"] == f"{story.id}-1"


@pytest.mark.parametrize(
    ("changed", "inputs", "same_key"),
    [
        ({"inputs": {"name": "Ben"}}, {"name": "Ben"}, False),
        ({"inputs": {"name": "Ann"}}, {"name": "Ann"}, True),
        ({"inputs": {"more": 1}}, {"name": "Ann", "more": 1}, False),
        ({"inputs": {"name": None}}, {}, False),
        ({"data": {"who": "Ben"}}, {"name": "Ben"}, False),
        ({"data": {"found": 1}}, {"name": "Ann"}, True),
        ({"data": {"who": "Ben"}, "inputs": {"more": 1}}, {"name": "Ben", "more": 1}, False),
    ],
)
def test_a_retry_with_other_inputs_is_another_request(changed, inputs, same_key):
    story = a_story()

    story.retry(**changed)

    assert story.job().payload["inputs"] == inputs
    assert story.job().payload["key"] == f"{story.id}-{1 if same_key else 2}"
    assert changed.get("data", {}).items() <= story.process.data.items()


def test_an_operator_may_set_what_only_the_process_sets():
    story = a_story()

    story.retry(data={"set_inside": "by hand"})

    assert story.process.data["set_inside"] == "by hand"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"data": {"nothing": 1}}, InvalidData),
        ({"data": {"found": "x"}}, InvalidData),
        ({"data": {"who": None}}, InvalidInput),  # the inputs are made of it
        ({"inputs": {"name": "\0"}}, InvalidInput),
        ({"inputs": {"name": object()}}, InvalidInput),
    ],
)
def test_a_retry_with_what_cannot_be_used_changes_nothing(changed, error):
    story = a_story()

    with pytest.raises(error):
        story.retry(**changed)

    assert (story.jobs, story.incident().resolved_at) == ([], None)


def test_a_mail_is_sent_again_with_its_key():
    story = a_mail_story()
    before = story.incident().payload["key"]

    story.retry()

    assert (story.job().kind, story.job().payload["key"], story.job().token) == ("mail", before, 1)
    story.job_ended()
    assert story.life is Life.APPROVED


def test_a_mail_made_of_changed_data_is_another_mail():
    story = a_mail_story()

    story.retry(data={"who": "Ben"})

    assert story.job().payload["key"] != story.incident().payload["key"]
    with pytest.raises(InvalidInput, match="no inputs"):
        a_mail_story().retry(inputs={"to": "x"})


# -- skipping ----------------------------------------------------------------------------------------


def test_a_skip_goes_on_with_a_result_in_place_of_the_answer():
    story = a_story()

    story.skip(result=42)

    assert (story.life, story.process.data["found"]) == (Life.APPROVED, 42)
    assert (story.incident().resolution, story.incident().actor) == ("skipped", ADMIN)
    assert "incident.skipped" in story.kinds


def test_a_skip_without_a_result_sets_nothing():
    story = a_story()

    story.skip()

    assert (story.life, story.process.data) == (Life.APPROVED, {"who": "Ann"})


@pytest.mark.parametrize(
    "more", [{"result": "many"}, {"result": {"a": 1}}, {"data": {"who": "x"}}, {"inputs": {"a": 1}}]
)
def test_a_skip_with_what_cannot_be_used_changes_nothing(more):
    story = a_story()

    with pytest.raises(InvalidInput):
        story.skip(**more)

    assert (story.life, story.incident().resolved_at) == (Life.RUNNING, None)


def test_a_mail_may_be_skipped_without_a_result():
    story = a_mail_story()

    with pytest.raises(InvalidInput, match="no result"):
        story.skip(result=1)
    story.skip()

    assert story.life is Life.APPROVED


# -- who and when ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["retry", "skip"])
@pytest.mark.parametrize("actor", [ANNA, BOB])
def test_only_who_supervises_resolves_an_incident(way, actor):
    story = a_story()

    with pytest.raises(NotAllowed, match="retry what failed takes the permission PM_SUPERVISOR"):
        getattr(story, way)(actor=actor)


def test_an_incident_is_resolved_once():
    story = a_story()
    story.retry()

    with pytest.raises(Conflict, match=r"was retried by .+ at 2026-03-02 09:00:00 UTC; it cannot be resolved twice"):
        story.skip()
    with pytest.raises(NotFound, match="no incident 2"):
        story.retry(2)


def test_a_stopped_process_is_resumed_first():
    story = a_story()
    story.pause()

    with pytest.raises(Conflict, match="resumed first"):
        story.retry()

    story.resume()
    story.retry()
    assert story.jobs == ["call"]


def test_the_end_of_a_process_closes_its_incidents():
    story = a_story()

    story.terminate(ADMIN, reason="enough")

    assert (story.incident().resolution, story.incident().actor) == ("ended", ADMIN)
    assert story.kinds[-2:] == ["incident.closed", "process.terminated"]
    with pytest.raises(Conflict, match="closed with its process"):
        story.retry()


def test_branches_have_incidents_of_their_own():
    definition = a_definition(
        fork=a_branch("one", "two"), one=a_call(to="both"), two=a_call("Other", to="both"), both=a_merge("ask"),
        ask=an_approval(BOB),
    )  # fmt: skip
    story = Story(definition).start()
    story.job_ended("fault", number=1, reason="first")
    story.job_ended("fault", number=2, reason="second")

    story.skip(2)
    assert story.open == {}
    story.retry(1)
    story.job_ended()

    assert story.open == {1: BOB}


def test_what_nobody_waits_for_may_be_retried_after_the_end():
    """A notification that could not be sent has no token: it says something of a process that may be over."""
    story = Story(a_definition()).start()
    payload = {"to": [BOB], "key": "k", "tries": [{"at": "x"}], "response": None}
    for number in (1, 2):
        story.snapshot.incidents[number] = Incident(story.id, number, "mail", None, 0, NINE, "no", payload)
    story.snapshot.process.incident_count = 2

    story.skip(2)
    story.retry(1)

    assert story.job().payload == {"to": [BOB], "key": "k", "tries": []}
    story.job_ended("fault", reason="again no")
    assert (story.incident(3).token, story.life) == (0, Life.APPROVED)
    with pytest.raises(InvalidInput, match="Nothing of the process waits"):
        story.retry(3, data={"who": "x"})
