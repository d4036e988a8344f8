"""Commands on a database, as a person or a script types them: real programs on a real file."""

from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from placet_api.cli.main import run
from placet_api.cli.options import Rows
from tests.acceptance.terminals import Program
from tests.programs import PROGRAM, ROOT, Placet, Ran, environment

Typed: TypeAlias = Callable[..., Ran]

PEOPLE = ROOT / "engine/placet/demo/people.yaml"
ADMINISTRATOR = "users: [{usr_username: admin, dn: 'cn=admin,ou=users,o=placet'}]\n"
ANNA = "cn=anna,ou=users,o=placet"
EVERYTHING = """\
name: Everything
data:
  tags: {type: string, multi_valued: true}
  photo: {type: binary}
  facts: {type: json}
  amount: {type: decimal}
  urgent: {type: boolean}
start: done
activities:
  done: {kind: finish}
"""


@pytest.fixture
def placet(database_url: str, tmp_path: Path) -> Placet:
    """The program in an empty folder, on a migrated database with the demonstration's people."""
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": database_url})
    assert placet("directory", "load", str(PEOPLE)).status == 0
    return placet


@pytest.fixture
def on_sqlite(sqlite_template: Path, tmp_path: Path) -> Placet:
    """The program beside a migrated placet.db, which it takes by default."""
    shutil.copy(sqlite_template, tmp_path / "placet.db")
    return Placet(tmp_path, {})


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Commands run inside the test, where they are many; logging stays as it is."""
    for name in [name for name in os.environ if name.startswith("PLACET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("placet_api.cli.logging.set_up_logging", lambda level: None)

    def type_(*arguments: str) -> Ran:
        status = run(arguments)
        return Ran(status, *capsys.readouterr())

    return type_


@pytest.fixture
def typed(typist: Typed, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Commands on a migrated database."""
    monkeypatch.setenv("PLACET_DATABASE_URL", database_url)
    return typist


@pytest.fixture
def typed_on_sqlite(typist: Typed, on_sqlite: Placet) -> Typed:
    """Commands beside a migrated placet.db, for what never gets as far as a database or names another."""
    return typist


def test_a_process_is_started_approved_and_shown(placet: Placet):
    assert "deployed" in placet("definitions", "deploy", str(ROOT / "definitions/leave_request.yaml")).out

    started = placet("start", "Leave request", "--as", "anna", "--data", "days=3", "--format", "json").json
    inbox = placet("inbox", "--user", "ben", "--format", "json").json
    [item] = inbox
    refused = placet("approve", item["id"], "--as", "anna")
    approved = placet("approve", item["id"], "--as", "ben", "--comment", "Enjoy", "--data", "reason=sun")
    again = placet("deny", item["id"], "--as", "ben")
    shown = placet("process", "show", started["id"], "--format", "json").json

    assert started["process_status"] == "Running"
    assert started["initiator"] == {"dn": "cn=anna,ou=users,o=placet", "name": "Anna Berg"}
    assert item["process_id"] == started["id"]
    assert (refused.status, again.status) == (3, 5)  # who may not see an item is told that there is none
    assert "approved by Ben Adler" in again.err
    assert "is approved" in approved.out
    assert shown["process"]["approval_status"] == "Approved"
    assert shown["data"] == {"days": 3, "reason": "sun"}
    assert [comment["text"] for comment in shown["comments"]] == ["Enjoy"]
    assert "work_item.approved" in [event["kind"] for event in shown["timeline"]]


def test_a_process_is_paused_resumed_reassigned_and_terminated(typed: Typed, tmp_path: Path):
    typed("directory", "load", str(PEOPLE))
    (tmp_path / "administrator.yaml").write_text(ADMINISTRATOR)
    typed("directory", "load", "administrator.yaml")
    typed("definitions", "deploy", str(ROOT / "definitions/leave_request.yaml"))
    process = typed("start", "Leave request", "--as", "anna", "--data", "days=3", "--format", "json").json["id"]
    [item] = typed("query", "--of", "workitems", f"ProcessId={process}", "--format", "json").json

    shown = typed("process", "show", process).out
    assert "Manager's approval  It has waited since" in shown
    assert "for an answer from Ben Adler." in shown
    assert typed("process", "pause", process).status == 0
    assert "Paused              It was paused" in typed("process", "show", process).out
    assert typed("approve", item["WorkId"], "--as", "ben").status == 5
    assert typed("process", "resume", process, "--as", "anna").status == 4
    assert typed("process", "resume", process).status == 0
    assert typed("act", item["WorkId"], "reassign", "--as", "admin", "--to", "helen").status == 0
    assert typed("inbox", "--as", "helen", "--format", "json").json[0]["id"] == item["WorkId"]
    assert typed("process", "terminate", process, "--as", "anna", "--reason", "Not needed").status == 0
    assert typed("process", "terminate", process).status == 5
    assert typed("query", "ApprovalStatus=Retracted", "--format", "json").json[0]["ProcessId"] == process


@pytest.mark.parametrize("command", [["approve"], ["deny"], ["act", "claim"]], ids=" ".join)
def test_who_decides_must_be_named(typed: Typed, command: list[str], monkeypatch: pytest.MonkeyPatch):
    typed("directory", "load", str(PEOPLE))
    typed("definitions", "deploy", str(ROOT / "definitions/leave_request.yaml"))
    process = typed("start", "Leave request", "--as", "anna", "--data", "days=3", "--format", "json").json["id"]
    [item] = typed("inbox", "--user", "ben", "--format", "json").json
    arguments = [command[0], item["id"], *command[1:]]

    refused = typed(*arguments)
    monkeypatch.setenv("PLACET_USER", "anna")
    not_his = typed(*arguments)
    monkeypatch.setenv("PLACET_USER", "ben")
    done = typed(*arguments)

    assert (refused.status, not_his.status, done.status) == (2, 3, 0)
    assert refused.err == "error: Nobody is named who decides this; say --as USER, or set PLACET_USER.\n"
    timeline = typed("process", "show", process, "--format", "json").json["timeline"]
    assert [event["actor"]["name"] for event in timeline if event["kind"].startswith("work_item.")][-1] == "Ben Adler"


def test_data_items_are_read_by_their_types(typed: Typed, tmp_path: Path):
    (tmp_path / "everything.yaml").write_text(EVERYTHING)
    (tmp_path / "photo.bin").write_bytes(b"\x00\xff")
    typed("definitions", "deploy", "everything.yaml")
    data = ["tags=a", "tags=b", "photo=@photo.bin", 'facts={"a": [1]}', "amount=12.50", "urgent=true"]

    started = typed(
        "start", "Everything", *(f"--data={each}" for each in data), "--initiator", ANNA, "--format", "json"
    )

    shown = typed("process", "show", started.json["id"], "--format", "json").json
    assert shown["data"] == {"tags": ["a", "b"], "photo": "AP8=", "facts": {"a": [1]}, "amount": 12.5, "urgent": True}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["process", "show", "f" * 32], 3, "There is no process"),
        (["start", "Nothing"], 3, "There is no definition 'Nothing'; there are none yet."),
        (["definitions", "retire", "Nothing"], 3, "There is no definition"),
        (["definitions", "check", "."], 2, "no file *.yaml or *.yml is in it"),
        (["definitions", "deploy", "."], 2, "no file *.yaml or *.yml is in it"),
        (["definitions", "deploy"], 2, "FILE|DIR"),
        (["query", "--fromat", "json"], 2, "Did you mean --format? See `placet query --help`."),
        (["migrate", "now"], 2, "Nothing more is expected, but there is 'now'."),
        (["inbox", "--user", "nobody"], 3, "There is no user"),
        (["inbox"], 2, "--user"),
        (["query", "--format", "xml"], 2, "xml"),
        (["procces"], 2, 'Did you mean "process"?'),
        (["directory", "load", "nowhere.yaml"], 1, "nowhere.yaml"),
        (["inbox", "--server", "http://127.0.0.1:1", "--as", "anna"], 2, "--as"),
        (["query", "--database", "sqlite:////nowhere/placet.db"], 1, "nowhere"),
        (["query", "--database", "mysql://x"], 1, "mysql"),
        (["query", "--database", "postgresql://nobody:sesame@127.0.0.1:1/x"], 69, ""),
        (["definitions", "graph", "nothing.yaml"], 3, "There is no definition"),
        (["definitions", "check", "nothing.yaml"], 3, "nothing.yaml"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_an_exit_status(
    typed_on_sqlite: Typed, arguments: list[str], status: int, said: str
):
    ran = typed_on_sqlite(*arguments)

    assert (ran.status, ran.out) == (status, "")
    assert ran.err.startswith("error: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "sesame" not in ran.err


def test_a_query_that_is_wrong_is_shown_with_a_mark_below(typed_on_sqlite: Typed):
    ran = typed_on_sqlite("query", "Initiator", "=", "me", "and", "Colour=red")

    assert (ran.status, ran.out) == (1, "")
    refusal, query, mark = ran.err.splitlines()
    assert refusal.startswith("error: 'Colour' is not a field of processes.")
    assert (query, mark) == ("Initiator = me and Colour=red", " " * 19 + "^")


def test_an_empty_database_wants_migrate_and_migrate_says_what_it_did(empty_database_url: str, tmp_path: Path):
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": empty_database_url})

    refused = placet("query")
    made = placet("migrate")
    again = placet("migrate")

    assert refused.status != 0
    assert "placet migrate" in refused.err
    assert made.out.startswith("Made the tables")
    assert "already" in again.out
    assert placet("query", "--format", "json").out == "[]\n"


def test_all_faults_of_definition_files_are_told_with_their_places(typed: Typed, tmp_path: Path):
    (tmp_path / "one.yaml").write_text("name: One\nstart: nowhere\nactivities:\n  done: {kind: finsh}\n")
    (tmp_path / "two.yaml").write_text("name: Two\nstart: done\nactivities:\n  done: {kind: finish, colour: red}\n")

    checked = typed("definitions", "check", "one.yaml", "two.yaml")
    deployed = typed("definitions", "deploy", "one.yaml", "two.yaml")

    assert (checked.status, deployed.status) == (1, 1)
    for fault in ("one.yaml:2:8: ", "one.yaml:4:16: ", "two.yaml:4:24: "):
        assert fault in checked.out
        assert fault in deployed.err
    assert typed("definitions", "list", "--format", "json").json == []


def test_definitions_are_checked_listed_drawn_deployed_and_retired(typed: Typed, tmp_path: Path):
    folder = str(ROOT / "definitions")

    assert typed("definitions", "check", folder).out == "5 definitions without a fault.\n"
    assert typed("definitions", "deploy", folder).out.count("deployed") == 5
    assert typed("definitions", "deploy", folder).out.count("unchanged") == 5
    assert typed("definitions", "graph", "Travel permit", "-o", "permit.svg").status == 0
    assert (tmp_path / "permit.svg").read_text().startswith("<svg")
    assert "flowchart" in typed("definitions", "graph", f"{folder}/role_approval.yaml", "--format", "mermaid").out
    assert typed("definitions", "retire", "Role Approval").status == 0
    assert typed("start", "Role Approval", "--as", "anna").status != 0
    listed = typed("definitions", "list", "--format", "json").json
    assert [each["name"] for each in listed if each["retired"]] == ["Role Approval"]


def test_settings_tell_where_they_come_from_and_no_secret(tmp_path: Path):
    (tmp_path / "placet.toml").write_text('port = 9090\nadmin_password = "hush"\n')
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": "postgresql://placet:hush@db/placet"})

    ran = placet("settings", "--format", "json")
    table = placet("settings")

    settings = {each["name"]: (each["value"], each["source"]) for each in ran.json}
    assert settings["port"] == ("9090", "placet.toml")
    assert settings["database_url"] == ("postgresql://placet:***@db/placet", "PLACET_DATABASE_URL")
    assert settings["host"] == ("127.0.0.1", "default")
    assert "hush" not in ran.out + table.out


def test_a_password_is_set_from_standard_input(on_sqlite: Placet):
    on_sqlite("directory", "load", str(PEOPLE))

    assert on_sqlite("user", "password", "anna", given="new-secret\n").status == 0
    assert on_sqlite("user", "password", "nobody", given="x\n").status == 3
    assert on_sqlite("user", "password", "anna", given="\n").status == 1


def test_a_table_in_a_pipe_is_never_cut_short_and_a_closed_pipe_is_quiet(on_sqlite: Placet, tmp_path: Path):
    on_sqlite("definitions", "deploy", str(ROOT / "definitions"))
    listed = on_sqlite("definitions", "list")

    assert "asked for before the trip" in listed.out
    assert "\x1b" not in listed.out

    program = subprocess.Popen(
        [*PROGRAM, "definitions", "list"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.close()  # long before the first row
    assert program.stderr.read() == b""
    assert program.wait(60) == 141
    program.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (
            ["--version"],
            {"placet.engine", "sqlalchemy", "alembic", "uvicorn", "pydantic", "cel_expr_python", "structlog"},
        ),
        (["start", "--help"], {"placet.engine", "sqlalchemy", "alembic", "uvicorn", "pydantic", "cel_expr_python"}),
        (["settings"], {"placet.engine", "sqlalchemy", "alembic", "uvicorn", "pydantic", "cel_expr_python"}),
        (["definitions", "check", str(ROOT / "definitions")], {"placet.engine", "sqlalchemy", "alembic", "uvicorn"}),
        (["query"], {"alembic", "mako", "uvicorn", "starlette"}),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], heavy: set[str], on_sqlite: Placet):
    code = (
        "import sys; from placet_api.cli.main import run; "
        f"assert run({arguments!r}) == 0; print('loaded', sorted({heavy!r} & set(sys.modules)))"
    )

    ran = subprocess.run(
        [PROGRAM[0], "-c", code], cwd=on_sqlite.folder, env=environment(), capture_output=True, text=True, timeout=60
    )

    assert ran.stdout.splitlines()[-1] == "loaded []", ran.stderr


def test_a_command_inside_a_test_leaves_it_as_it_was(on_sqlite: Placet):
    def surroundings() -> list[object]:
        log = logging.getLogger()
        return [Path.cwd(), dict(os.environ), sys.stdin, sys.stdout, sys.stderr, list(log.handlers), log.level]

    before = surroundings()

    assert on_sqlite("definitions", "list", PLACET_LOG_LEVEL="debug").status == 0
    assert on_sqlite("definitions", "show", "Nothing").status != 0
    assert surroundings() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["migrate"],
        ["definitions", "graph", "Short"],
        ["definitions", "deploy", "short.yaml"],
        ["definitions", "retire", "Short"],
        ["directory", "load", str(PEOPLE)],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_only_a_database_can_do_is_not_done_where_a_server_is_named(
    arguments: list[str], typed_on_sqlite: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "short.yaml").write_text("name: Short\nstart: done\nactivities:\n  done: {kind: finish}\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("a new password\n"))
    typed_on_sqlite("directory", "load", str(PEOPLE))
    typed_on_sqlite("definitions", "deploy", "short.yaml")

    asked = typed_on_sqlite(*arguments, "--server", "http://127.0.0.1:1")
    monkeypatch.setenv("PLACET_SERVER", "http://127.0.0.1:1")
    named = typed_on_sqlite(*arguments)
    meant = typed_on_sqlite(*arguments, "--database", "sqlite:///placet.db")

    assert asked.err == "error: This works on a database and not through a server; leave --server out.\n"
    assert "PLACET_SERVER names, http://127.0.0.1:1; say which database with --database" in named.err
    assert (asked.status, named.status, meant.status) == (2, 2, 0)


def test_the_nearest_definitions_are_told_where_there_is_none_of_a_name(typed: Typed):
    typed("directory", "load", str(PEOPLE))
    typed("definitions", "deploy", str(ROOT / "definitions"))
    near = "error: There is no definition 'leav request'; did you mean 'Leave request'?\n"

    assert typed("start", "leav request", "--as", "anna").err == near
    assert typed("definitions", "graph", "leav request").err == near
    assert typed("definitions", "retire", "leav request").err == near
    assert "did you mean 'Role Approval'?" in typed("start", "Role", "--as", "anna").err
    assert typed("start", "xyz", "--as", "anna").err.endswith(
        "there are: Leave request, PageWizardForm, Purchase order, Role Approval, Travel permit.\n"
    )


def test_a_list_in_a_table_ends_at_a_hundred_rows_and_says_so(typed: Typed, tmp_path: Path):
    (tmp_path / "short.yaml").write_text("name: Short\nstart: done\nactivities:\n  done: {kind: finish}\n")
    typed("directory", "load", str(PEOPLE))
    typed("definitions", "deploy", "short.yaml")
    for _ in range(3):
        typed("start", "Short", "--as", "anna")

    cut, whole, as_json = (
        typed("query", "--limit", "2"),
        typed("query", "--limit", "0"),
        typed("query", "--format=json"),
    )

    assert (len(cut.out.splitlines()), len(whole.out.splitlines()), len(as_json.json)) == (1 + 2, 1 + 3, 3)
    assert cut.err == "Shown are 2; there may be more: --limit 0 shows all.\n"
    assert whole.err == ""
    assert (Rows().at_most, Rows(form="json").at_most, Rows(limit=0).at_most, Rows(limit=7).at_most) == (
        100,
        None,
        None,
        7,
    )


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_a_table_fits_the_terminal_and_shows_ids_whole(width: int, typed: Typed, monkeypatch: pytest.MonkeyPatch):
    typed("directory", "load", str(PEOPLE))
    typed("definitions", "deploy", str(ROOT / "definitions"))
    process = typed("start", "Leave request", "--as", "anna", "--data", "days=3", "--format", "json").json["id"]
    url = os.environ["PLACET_DATABASE_URL"]
    program = Program(Path.cwd(), monkeypatch)
    program.columns(width)
    program.note(f"export PLACET_DATABASE_URL={url}")

    for command in ("query", "query --of workitems", "inbox --user ben", f"process show {process}", "definitions list"):
        status, printed = program.type(f"placet {command}")
        assert status == 0
        assert max(len(line) for line in printed.splitlines()) <= width, printed
        assert command == "definitions list" or process[:28] in printed
