"""Mails in decisions: how an activity words one, and who is told of what happens."""

from dataclasses import replace
from datetime import timedelta

import pytest

from placet.core.definition import Email, Escalate, Notice, Remind
from placet.core.mail_words import KINDS
from placet.core.mails import LONGEST_SUBJECT, MOST_RECIPIENTS
from placet.core.names import fold_dn
from placet.core.people import Directory, StandIn
from placet.core.statuses import Life
from placet.errors import InvalidInput
from tests.builders import (
    ADMIN,
    ALONE,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DAY,
    DIRECTORY,
    DORA,
    EVE,
    GONE,
    NINE,
    Story,
    a_branch,
    a_definition,
    a_mail,
    a_merge,
    an_approval,
    who,
)

URL = "https://placet.example.org/"
ALL = dict.fromkeys(KINDS, Notice())


def a_told_story(
    *, notices=ALL, directory=DIRECTORY, public_url=URL, data=None, initiator=ANNA, given=None, **activities
):
    """A process of a definition with notifications, on a node that has a mail server."""
    definition = replace(a_definition(data=data, **activities), notifications=notices)
    story = Story(definition, directory=directory)
    story.public_url = public_url
    return story.start(initiator, data=given)


def notices(story, since=0):
    """Who is told what of which item, in order."""
    assert story.snapshot is not None
    found = sorted((job for job in story.snapshot.jobs.values() if "notify" in job.payload), key=lambda job: job.number)
    return [(job.payload["notify"], *job.payload["to"], job.payload["item"]) for job in found if job.number > since]


def an_email(**fields):
    known = {"subject": "Hello", "text": "Look.", "to": who(BOB)}
    return Email(id="", name="", paths={"next": "done"}, **(known | fields))


# -- the activity --------------------------------------------------------------------------------------


def test_a_mail_is_a_job_that_says_what_the_data_were():
    mail = an_email(
        to=who("[initiator, 'bob', 'Bob@example.org', 'bob@EXAMPLE.org', 'cn=Board,ou=groups,o=placet']"),
        cc=who(["eve", BOB]),
        subject="{{ data.days }} days\r\nBcc: eve@example.org",
        text="For {{ data.why }}: {{ link }}",
        html="<b>{{ data.why }}</b>{{ data.empty }}",
    )
    story = Story(a_definition(data={"days": "integer", "why": "string", "empty": "string"}, tell=mail))
    story.public_url = URL

    story.start(data={"days": 3, "why": "sun & sea"})

    job = story.job()
    assert (job.kind, job.lane, job.token) == ("mail", "mail", 1)
    assert job.payload == {
        "activity": "tell",
        "to": [ANNA, BOB, "Bob@example.org", BOARD],
        "cc": [EVE],
        "subject": "3 days Bcc: eve@example.org",
        "text": f"For sun & sea: {URL}console/processes/{story.id}",
        "html": "<b>sun &amp; sea</b>",
        "key": f"{story.id}-1",
        "tries": [],
    }
    assert story.kinds == ["process.started", "mail.requested"]


def test_whoever_is_not_there_is_left_out_and_a_long_subject_is_cut():
    story = Story(a_definition(tell=an_email(to=who(["gone", "nobody", GONE]), subject="x" * 999))).start()

    assert (story.job().payload["to"], len(story.job().payload["subject"])) == ([], LONGEST_SUBJECT)


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (an_email(text="{{ initiator.manager.manager.manager.manager.name }}"), "'manager' is not there"),
        (an_email(subject="{{ data.empty }}"), "is empty with these data"),
        (an_email(to=who("[1]")), "have to be DNs, user names or groups, not 1"),
        (
            an_email(to=who([f"user{n}@example.org" for n in range(MOST_RECIPIENTS + 1)])),
            f"goes to at most {MOST_RECIPIENTS} users",
        ),
    ],
)
def test_a_mail_that_cannot_be_worded_takes_the_error_path(mail, reason):
    data = {"empty": "string"}
    ended = Story(a_definition(data=data, tell=mail)).start()
    handled = replace(mail, paths={"next": "done", "error": "ask"})
    goes_on = Story(a_definition(data=data, tell=handled, ask=an_approval())).start()

    assert (ended.life, ended.jobs) == (Life.ERROR, [])
    assert reason in ended.told()[0]
    assert (goes_on.life, goes_on.open) == (Life.RUNNING, {1: BOB})


def test_a_retry_with_other_data_words_the_mail_anew_and_without_sends_the_same():
    mail = an_email(text="{{ data.why|upper }}", subject="{{ data.empty|default('none') }}")
    story = Story(a_definition(data={"why": "string", "empty": "json"}, tell=mail)).start(data={"why": "a"})
    story.job_ended("fault", reason="refused")
    story.retry()
    same = story.job()
    story.job_ended("fault", reason="refused")
    with pytest.raises(InvalidInput, match="With these data the mail cannot be made"):
        story.retry(2, data={"empty": " \n"})
    story.retry(2, data={"why": "b"})

    assert (same.payload["text"], same.payload["key"]) == ("A", f"{story.id}-1")
    assert (story.job().payload["text"], story.job().payload["key"]) == ("B", f"{story.id}-3")


# -- notifications -------------------------------------------------------------------------------------


def test_who_is_asked_reminded_escalated_to_and_whose_process_ends_is_told():
    ask = an_approval(
        timeout=9 * DAY, remind=Remind(DAY, DAY), escalate=Escalate(2 * DAY + timedelta(hours=1), who("'dora'"))
    )
    story = a_told_story(ask=ask)
    assert notices(story) == [("assigned", BOB, 1)]

    story.pass_by(DAY)
    assert notices(story)[1:] == [("reminder", BOB, 1)]
    story.pass_by(DAY)
    story.pass_by(timedelta(hours=1))
    assert notices(story)[2:] == [("reminder", BOB, 1), ("escalation", DORA, 1)]
    story.act(1, "approve", DORA)
    assert notices(story)[4:] == [("finished", ANNA, None)]


def test_words_name_what_it_is_about_and_show_no_data():
    story = a_told_story(
        ask=an_approval(due=DAY), data={"iban": "string"}, given={"iban": "DE02 1203 0000 0000 2020 51"}
    )

    payload = story.job().payload
    assert payload["subject"] == "Test: Ask"
    for text in (payload["text"], payload["html"]):
        for word in (
            "Test",
            "Ask",
            "Anna",
            "Bob",
            "3 March 2026, 09:00 UTC",
            f"{URL}console/work-items/{story.item(1).id}",
        ):
            assert word in text
        assert "DE02" not in text
        assert "For" not in text


def test_without_an_address_of_the_console_there_is_no_link():
    payload = a_told_story(ask=an_approval(), public_url="").job().payload

    assert "console" not in payload["text"] + payload["html"]


def test_nobody_is_told_where_no_mail_server_is_known_or_the_definition_does_not_ask_for_it():
    assert notices(a_told_story(ask=an_approval(), public_url=None)) == []
    story = a_told_story(ask=an_approval(), notices={"finished": Notice()})
    assert notices(story) == []
    story.act(1, "deny", BOB)
    assert notices(story) == [("finished", ANNA, None)]
    assert "denied" in story.job().payload["text"]


def test_of_a_group_all_are_told_who_may_still_decide():
    story = a_told_story(
        ask=an_approval([BOARD, EVE, "gone", ALONE], settle="all", self_approval=False), initiator=CARL
    )
    assert notices(story) == [
        ("assigned", BOB, 1),
        ("assigned", DORA, 1),
        ("assigned", EVE, 2),
        ("assigned", ANNA, 3),
    ]


def test_whoever_has_claimed_or_answered_is_told_as_he_should_be():
    story = a_told_story(ask=an_approval(BOARD, remind=Remind(DAY)))
    story.act(1, "claim", CARL)
    story.pass_by(DAY)

    assert notices(story)[3:] == [("reminder", CARL, 1)]


def test_the_delegate_of_somebody_absent_is_told_and_gets_one_mail():
    absences = [StandIn(fold_dn(person), fold_dn(DORA), NINE + timedelta(hours=1)) for person in (BOB, CARL)]
    directory = Directory(DIRECTORY.people.values(), DIRECTORY.groups.values(), version=2, absences=absences)
    story = a_told_story(ask=an_approval(BOARD, remind=Remind(DAY)), directory=directory)
    assert [notice[1] for notice in notices(story)] == [BOB, CARL, DORA]

    story.pass_by(DAY)
    assert notices(story)[3:] == [("reminder", DORA, 1)]


def test_what_is_over_within_the_same_decision_is_not_told():
    fails = an_email(text="{{ 1 < 'a' }}")
    story = a_told_story(both=a_branch("ask", "tell"), ask=an_approval(), tell=fails, met=a_merge())

    assert story.kinds[1] == "work_item.assigned"
    assert notices(story) == [("finished", ANNA, None)]


def test_who_is_escalated_to_and_reminded_at_once_gets_one_mail():
    story = a_told_story(ask=an_approval(remind=Remind(DAY), escalate=Escalate(DAY, who("'dora'"))))
    story.pass_by(DAY)

    assert {"work_item.escalated", "work_item.reminded"} <= set(story.kinds)
    assert notices(story)[1:] == [("escalation", DORA, 1)]


def test_the_inactive_are_told_nothing():
    story = a_told_story(ask=an_approval(), initiator=GONE)
    story.act(1, "approve", BOB)

    assert notices(story) == [("assigned", BOB, 1)]


def test_a_reassigned_item_is_told_to_its_new_addressee_and_a_returned_request_to_the_initiator():
    story = a_told_story(ask=an_approval())
    story.act(1, "reassign", ADMIN, to="eve")
    story.act(1, "return", EVE)

    assert notices(story)[1:] == [("assigned", EVE, 1), ("assigned", ANNA, 2)]
    assert story.job().payload["subject"] == "Test: changes are asked for"
    assert "come back to you for changes" in story.job().payload["text"]


def test_initiator_and_recipient_are_told_of_the_end_each_once():
    told = a_told_story(ask=an_approval(), notices={"finished": Notice()})
    other = Story(told.definition)
    other.public_url = URL
    other.start(ANNA, recipient=EVE)
    for story in (told, other):
        story.act(1, "approve", BOB)

    assert [notice[1] for notice in notices(told)] == [ANNA]
    assert [notice[1] for notice in notices(other)] == [ANNA, EVE]
    assert "For:     Eve" in other.job().payload["text"]


def test_own_words_stand_in_place_of_the_standard_ones():
    subject = Notice(subject="{{ item.name }} by {{ item.expires_at|day }}")
    plain = Notice(text="Dear all: {{ item.addressee }}")
    both = Notice("S", "T", "<p>{{ process.name }}</p>")
    found = [
        a_told_story(ask=an_approval(timeout=DAY), notices={"assigned": own}).job().payload
        for own in (subject, plain, both)
    ]

    assert found[0]["subject"] == "Ask by 3 March 2026"
    assert "Your answer is asked for." in found[0]["html"]
    assert (found[1]["text"], found[1]["html"]) == ("Dear all: Bob", None)
    assert (found[2]["subject"], found[2]["text"], found[2]["html"]) == ("S", "T", "<p>Test</p>")


def test_own_words_that_cannot_be_filled_in_give_way_to_the_standard_ones():
    story = a_told_story(
        ask=an_approval(), notices={"assigned": Notice(text="{{ data.none.at.all|number }}{{ 1 < 'a' }}")}
    )

    assert "Your answer is asked for." in story.job().payload["text"]
    (said,) = story.told()
    assert said.startswith("The standard notification was sent instead of the definition's own: The template")


def test_a_notification_holds_nobody_up_and_goes_out_after_the_end():
    story = a_told_story(ask=an_approval())
    story.act(1, "approve", BOB)

    assert story.life is Life.APPROVED
    story.job_ended("success", number=1)
    story.job_ended("fault", number=2, reason="550 no such user")
    assert (story.incident().token, story.incident().kind, story.incident().activity) == (0, "mail", None)
    story.retry()
    assert notices(story) == [("finished", ANNA, None)]


def test_one_that_nobody_wants_any_more_goes_without_a_trace():
    story = a_told_story(ask=an_approval())
    kinds = list(story.kinds)

    story.job_ended("dropped", number=1)

    assert (story.jobs, story.kinds, story.snapshot.incidents) == ([], kinds, {})


def test_a_mail_of_an_activity_waits_and_one_more_fails_over_its_path():
    story = Story(a_definition(tell=a_mail(error="ask"), ask=an_approval())).start()
    story.job_ended("fault", reason="550 no such user")

    assert story.open == {1: BOB}
