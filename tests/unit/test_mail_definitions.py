"""Email activities and notifications in definition files: what is read, and what is told of it."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from placet.core.definition import Email, Notice
from placet.core.mail_words import KINDS, STANDARD, names_of
from placet.core.templates import check
from placet.errors import InvalidDefinition
from placet.loader import json_schema, parse_definition

GOOD = """\
name: Leave
data: {days: {type: integer}}
notifications:
  assigned: default
  reminder: {subject: "Please: {{ item.name }}"}
  finished:
    text: |
      It is {{ process.outcome }},
        after {{ data.days }} days.
    html: "<p>{{ process.outcome }}</p>"
start: ask
activities:
  ask: {kind: approval, addressees: initiator.manager, paths: {approved: tell, denied: done}}
  tell:
    kind: email
    to: initiator
    cc: "['cn=HR,ou=groups,o=placet', 'hr@example.org']"
    subject: Your {{ data.days }} days
    text: |
      Dear {{ initiator.name }},

        {{ data.days }}
    html: >
      Dear {{ initiator.name }}
    next: done
  done: {kind: finish}
"""


def faults(text):
    with pytest.raises(InvalidDefinition) as failure:
        parse_definition(text, "leave.yaml")
    return [str(fault) for fault in failure.value.faults]


def test_what_a_file_says_is_read():
    definition = parse_definition(GOOD)
    tell = definition.activities["tell"]

    assert definition.notifications == {
        "assigned": Notice(),
        "reminder": Notice(subject="Please: {{ item.name }}"),
        "finished": Notice(
            text="It is {{ process.outcome }},\n  after {{ data.days }} days.", html="<p>{{ process.outcome }}</p>"
        ),
    }
    assert isinstance(tell, Email)
    assert (tell.subject, tell.html, tell.paths) == (
        "Your {{ data.days }} days",
        "Dear {{ initiator.name }}",
        {"next": "done"},
    )
    assert Draft202012Validator(json_schema()).is_valid(YAML(typ="safe").load(GOOD))


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("item.name }}", "item.nam }}", "leave.yaml:5:40: The template 'subject' of notification 'reminder'"),
        ("  after {{ data.days", "  after {{ data.dayz", "leave.yaml:9:23: The template 'text' of notif"),
        ("<p>{{ process.outcome", "<p>{{ item.name", "leave.yaml:10:18: The template 'html' of notif"),
        ("Your {{ data.days", "Your {{ data.dayz", "leave.yaml:18:27: The template 'subject' of activity 'tell'"),
        ("\n        {{ data.days }}\n", "\n        {{ data.dayz }}\n", "leave.yaml:22:17: The template 'text' of"),
        ("    html: >\n      Dear {{ initiator.name", "    html: >\n      Dear {{ initator.name", "leave.yaml:23:11: "),
        ("assigned: default", "assigned: no", "leave.yaml:4:13: 'notifications.assigned' has to be a mapping"),
        ("  assigned:", "  asigned:", "leave.yaml:4:3: There is no key 'asigned': did you mean 'assigned'?"),
        ("{subject: \"Pl", "{html: x, subject: \"Pl", "leave.yaml:5:14: There is html and no text in"),
        ("{subject: \"Pl", "{subjct: \"Pl", "leave.yaml:5:14: There is no key 'subjct': did you mean 'subject'?"),
        ("Your {{ data.days }}", "Your {% set x = 1 %}", "leave.yaml:18:14: The template 'subject' of activity 'tell'"),
        ("    to: initiator\n", "    to: 5\n", "leave.yaml:16:9: 'to' of activity 'tell' has to give a person"),
        ("    subject: Your {{ data.days }} days\n", "", "leave.yaml:15:5: 'subject' of activity 'tell' (em"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_with_its_place(right, wrong, fault):
    assert right in GOOD

    (told,) = faults(GOOD.replace(right, wrong, 1))

    assert told.startswith(fault)


def test_the_standard_notifications_are_of_every_kind_and_fit_what_they_are_given():
    assert list(STANDARD) == list(KINDS)
    for kind, notice in STANDARD.items():
        names = {**names_of(kind), "data": frozenset()}
        assert check(notice.subject, names) == check(notice.text, names) == check(notice.html, names, html=True) == []
