"""Commands about people, absences, proxies and the audit trail, on a database of each kind."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from placet_api.cli.main import run
from tests.programs import ROOT, Ran

PEOPLE = ROOT / "engine/placet/demo/people.yaml"
SECRET = "a new password"


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> Callable[..., Ran]:
    """Commands run inside the test, on a database with the people of the demonstration and a manager of people."""
    for name in [name for name in os.environ if name.startswith("PLACET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLACET_DATABASE_URL", database_url)
    monkeypatch.setattr("placet_api.cli.logging.set_up_logging", lambda level: None)

    def type_(*arguments: str, given: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        status = run(arguments)
        return Ran(status, *capsys.readouterr())

    assert type_("directory", "load", str(PEOPLE)).status == 0
    assert type_("user", "add", "mia", "--role", "PROCESSMAKER_MANAGER").status == 0
    return type_


def listed(typed, *arguments):
    ran = typed(*arguments, "--format", "json")
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def test_a_user_is_added_with_a_role_and_a_password(typed):
    ran = typed("user", "add", "erik", "--first-name", "Erik", "--password", given=f"{SECRET}\n")

    assert ran.out == "Added cn=erik,ou=users,o=placet with the role PROCESSMAKER_OPERATOR.\n"
    (erik,) = listed(typed, "user", "list", "erik")
    assert (erik["user_name"], erik["first_name"], erik["status"]) == ("erik", "Erik", "ACTIVE")
    assert [each["user_name"] for each in listed(typed, "user", "list", "--role", "PROCESSMAKER_MANAGER")] == ["mia"]
    assert len(listed(typed, "user", "list")) == 14
    roles = {each["code"]: each["users"] for each in listed(typed, "role", "list")}
    assert roles == {"PROCESSMAKER_ADMIN": 0, "PROCESSMAKER_MANAGER": 1, "PROCESSMAKER_OPERATOR": 13}


REFUSED = [
    (["add", "anna"], 5, "'anna' is taken"),
    (["add", "ANNA"], 5, "'ANNA' is taken"),
    (["add", "a,b"], 1, "has , in it"),
    (["add", "erik", "--role", "NOPE"], 3, "no role 'NOPE'"),
    (["add", "erik", "--email", "nowhere"], 1, "e-mail"),
    (["add", "erik", "--password"], 1, "8 to 128 characters"),
    (["password", "nobody"], 3, "no user 'nobody'"),
    (["password", "anna"], 1, "8 to 128 characters"),
    (["disable", "nobody"], 3, "no user 'nobody'"),
    (["list", "--role", "NOPE"], 3, "no role 'NOPE'"),
    (["add", "erik", "--as", "anna"], 4, "PM_USERS"),
    (["add", "erik", "--as", "mia", "--role", "PROCESSMAKER_ADMIN"], 4, "Nobody may give"),
    (["disable", "ben", "--as", "anna"], 4, "PM_"),
    (["list", "--as", "anna"], 4, "PM_USERS"),
    (["list", "--as", "nobody"], 3, "no user 'nobody'"),
]


def test_what_cannot_be_done_to_users_is_refused(typed):
    for arguments, status, reason in REFUSED:
        ran = typed("user", *arguments, given="short\n")

        assert (ran.status, reason in ran.err, ran.out) == (status, True, ""), ran.err


def test_what_somebody_may_not_do_is_on_the_trail(typed):
    assert typed("user", "add", "erik", "--as", "anna").status == 4

    [entry] = listed(typed, "audit", "--kind", "right.refused")
    assert (entry["actor"], entry["target"]) == ("cn=anna,ou=users,o=placet", "command line")
    assert "PM_USERS" in entry["after"]["reason"]


def test_a_user_is_kept_out_and_let_in_again(typed):
    assert typed("user", "disable", "anna", "--as", "mia").out == "Disabled anna.\n"
    assert listed(typed, "user", "list", "anna")[0]["status"] == "INACTIVE"
    assert typed("absence", "add", "ben", "--as", "anna").status != 0
    assert typed("user", "enable", "cn=anna,ou=users,o=placet").status == 0
    assert listed(typed, "user", "list", "anna")[0]["status"] == "ACTIVE"

    changes = listed(typed, "audit", "--kind", "user.changed")
    assert [(each["actor"], each["after"]["status"]) for each in changes] == [
        (None, "ACTIVE"),
        ("cn=mia,ou=users,o=placet", "INACTIVE"),
    ]
    assert "status: ACTIVE → INACTIVE" in typed("audit", "--actor", "mia").out


def test_a_password_is_nowhere_but_as_a_hash(typed):
    typed("user", "password", "anna", given=f"{SECRET}\n")

    trail = typed("audit", "--format", "json").out

    assert '"password.changed"' in trail
    assert SECRET not in trail
    assert "argon2" not in trail


@pytest.mark.parametrize("kind", ["absence", "proxy"])
def test_somebody_stands_in_for_a_time(typed, kind):
    added = typed(kind, "add", "ben", "--as", "anna", "--from", "2030-01-07", "--to", "2030-01-08T01:00+01:00")
    assert added.status == 0, added.err
    (row,) = listed(typed, kind, "list", "--as", "ben")
    assert (row["person"], row["from_at"], row["to_at"]) == (
        "cn=anna,ou=users,o=placet",
        "2030-01-07T00:00:00Z",
        "2030-01-08T00:00:00Z",
    )
    assert row["id"] in typed(kind, "list").out
    assert listed(typed, kind, "list", "--as", "samir") == []

    for arguments, status in (
        (["add", "ben", "--as", "anna", "--from", "2030-01-07"], 5),
        (["add", "samir", "--user", "ben", "--as", "anna"], 4),
        (["add", "ben"], 1),
        (["add", "ben", "--as", "anna", "--to", "soon"], 1),
        (["remove", "x"], 3),
        (["remove", row["id"], "--as", "samir"], 3),
        (["remove", row["id"], "--as", "ben"], 4),
        (["remove", row["id"], "--as", "anna"], 0),
        (["remove", row["id"]], 3),
    ):
        assert typed(kind, *arguments).status == status, arguments
    assert typed(kind, "add", "samir", "--user", "ben", "--as", "mia").status == 0


def test_the_trail_takes_a_permission(typed):
    assert typed("audit", "--as", "mia").status == 4
    assert typed("audit", "--kind", "rolle").err == "error: There is no kind of entry 'rolle'; did you mean 'role'?\n"
    assert len(listed(typed, "audit", "--limit", "3")) == 3


def test_somebody_chooses_his_mails(typed):
    def shown(*arguments):
        ran = typed("user", "notifications", *arguments, "--format", "json")
        assert ran.status == 0, ran.err
        return [each["kind"] for each in json.loads(ran.out) if each["wanted"]]

    assert shown("anna", "--off", "reminder", "--off", "finished") == ["assigned", "escalation"]
    assert shown("anna", "--on", "finished", "--as", "anna") == ["assigned", "escalation", "finished"]
    assert shown("anna", "--as", "mia") == ["assigned", "escalation", "finished"]

    for arguments, words in [
        (("anna", "--on", "reminder", "--off", "reminder"), "'reminder' is given with --on and with --off"),
        (("anna", "--off", "remimder"), "there are: assigned, reminder, escalation, finished"),
        (("anna", "--as", "ben"), "PM_USERS"),
        (("nobody",), "There is no user 'nobody'"),
    ]:
        ran = typed("user", "notifications", *arguments)
        assert ran.status != 0
        assert words in ran.err


def test_a_mail_is_tried_out_on_the_command_line(typed, mail_server):
    ran = typed("mail", "test", "anna@example.org")
    mail_server.says["ben@example.org"] = ["550 no such user"]
    refused = typed("mail", "test", "ben@example.org")

    assert ran.out == "The mail server has taken a mail to anna@example.org.\n"
    (mail,) = mail_server.mails
    assert (mail.recipients, mail.message["Subject"]) == (["anna@example.org"], "A test from Placet")
    assert refused.err == "error: The mail to ben@example.org could not be sent: 550 no such user.\n"


def test_a_definition_with_a_template_that_cannot_work_is_told_where(typed, tmp_path):
    page = (ROOT / "docs/how-to/mail.md").read_text("utf-8")
    order = page.partition("# order.yaml\n")[2].partition("```")[0].replace("data.amount|number", "data.amuont|number")
    (tmp_path / "order.yaml").write_text(order)

    ran = typed("definitions", "check", str(tmp_path / "order.yaml"))

    assert ran.status == 1
    assert "order.yaml:13:" in ran.out + ran.err
    assert "'data' has no 'amuont'; there is: amount, supplier" in ran.out + ran.err
