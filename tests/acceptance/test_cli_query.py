"""`placet query` on a database and through a server: forms, counts, views, and what it watches."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest

from tests.programs import ROOT, Node, Placet, environment, printing

PEOPLE = ROOT / "engine/placet/demo/people.yaml"
LEAVE = str(ROOT / "definitions/leave_request.yaml")
ANNA = "cn=anna,ou=users,o=placet"
SECONDS = 60


@pytest.fixture
def placet(database_url: str, tmp_path: Path) -> Placet:
    """The program on a migrated database with people and a definition."""
    (tmp_path / "definitions").mkdir()
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": database_url})
    assert placet("directory", "load", str(PEOPLE)).status == 0
    assert placet("definitions", "deploy", LEAVE).status == 0
    return placet


def started(placet: Placet, user: str = "anna", **data: Any) -> str:
    given = [part for name, value in ({"days": 3} | data).items() for part in ("--data", f"{name}={value}")]
    return str(placet("start", "Leave request", "--as", user, *given, "--format", "json").json["id"])


def approve(placet: Placet, process: str) -> None:
    [item] = placet("query", "--of", "workitems", "--format", "json", f"ProcessId = {process} and Status = Open").json
    assert placet("approve", item["WorkId"], "--as", "ben").status == 0


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("Initiator = me", "Initiator = me\n            ^"),
        ("Initiator = nobody-at-all sort CreationTime", "Initiator = nobody-at-all sort CreationTime\n            ^"),
    ],
)
def test_a_fault_is_shown_in_what_was_typed(placet: Placet, text: str, below: str):
    refused = placet("query", text)

    assert refused.status != 0
    assert below in refused.err, refused.err
    assert "fields" not in refused.err


def test_a_result_is_printed_in_every_form(placet: Placet):
    first, second = started(placet, days=3), started(placet, days=5, reason="=sun")
    query = ("Data.days", ">", "2", "sort", "Data.days", "desc", "fields", "ProcessId,", "Data.reason,", "Initiator")

    table = placet("query", *query)
    as_json = placet("query", *query, "--format", "json").json
    lines = [json.loads(line) for line in placet("query", *query, "--format", "ndjson").out.splitlines()]
    rows = list(csv.reader(io.StringIO(placet("query", *query, "--format", "csv").out)))

    assert table.out.splitlines()[0].split() == ["ProcessId", "Data.reason", "Initiator"]
    assert table.out.splitlines()[1].split() == [second, "=sun", "Anna", "Berg"]
    assert as_json == lines == [
        {"ProcessId": second, "Data.reason": "=sun", "Initiator": ANNA},
        {"ProcessId": first, "Data.reason": None, "Initiator": ANNA},
    ]  # fmt: skip
    assert rows == [["ProcessId", "Data.reason", "Initiator"], [second, "'=sun", ANNA], [first, "", ANNA]]


def test_filters_are_read_as_they_always_were(placet: Placet):
    process = started(placet)

    for filters in (
        [f"Initiator={ANNA}", "ProcessStatus=Running"],
        ["Definition=cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"],
        ["CreationTime=20200101000000000+0000GE"],
        [f"Initiator = {ANNA} and ProcessStatus = Running"],
    ):
        assert [each["ProcessId"] for each in placet("query", *filters, "--format", "json").json] == [process]
    assert placet("query", "ProcessStatus=Completed", "--format", "json").json == []
    assert placet("query", "ProcessStatus=Completed").err == "There are none.\n"


def test_rows_are_counted_grouped_and_explained(placet: Placet):
    started(placet), started(placet, "anna", days=4)

    assert placet("query", "Initiator = anna", "--count").out == "2\n"
    assert placet("query", "Initiator = anna", "--count", "--format", "json").json == {"value": 2, "exact": True}
    [group] = placet("query", "group by Initiator", "--format", "json").json
    assert (group["Initiator"], group["count"]) == (ANNA, 2)
    explained = placet("query", "initiator=anna", "--explain")
    assert explained.out.startswith("Query")
    assert "Initiator = " in explained.out
    assert "SELECT" in explained.out
    assert set(placet("query", "--explain", "--format", "json").json) == {"text", "sql", "indexes", "warning", "plan"}


def test_views_are_kept_used_listed_and_removed(placet: Placet):
    process = started(placet)
    kept = placet("query", "Initiator = me", "--save", "Mine", "--shared", "--as", "anna", "--format", "json")

    assert (kept.err, [each["ProcessId"] for each in kept.json]) == ("Saved as Mine.\n", [process])
    assert placet("query", "--view", "mine", "--as", "anna", "--format", "json").json == kept.json
    assert placet("query", "--view", "Mine", "--as", "ben", "--format", "json").json == []  # me is whoever looks
    assert placet("query", "Initiator = me and Data.days > 9", "--save", "mine", "--as", "anna").status == 0
    [view] = placet("views", "list", "--as", "anna", "--format", "json").json
    assert (view["name"], view["query"], view["shared"]) == ("mine", "Initiator = me and Data.days > 9", False)
    assert placet("views", "list", "--as", "ben").err == "There are none.\n"
    assert placet("views", "remove", "mine", "--as", "ben").status == 3
    assert placet("views", "remove", "mine", "--as", "anna").status == 0
    assert placet("query", "--view", "mine", "--as", "anna").status == 3
    assert "nobody is named" in placet("query", "--save", "Of nobody").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--count", "--explain"], "only one works at a time"),
        (["--view", "x", "Initiator = me"], "--view has its own query"),
        (["--shared"], "--shared goes with --save"),
        (["--after", "0-0"], "--after goes with --watch --of events"),
        (["--watch", "--of", "users"], "users leave no events"),
        (["--watch", "--format", "json"], "--format ndjson"),
        (["--watch", "group by Initiator"], "leave `group by`"),
        (["--of", "persons"], "persons"),
    ],
)
def test_options_that_do_not_go_together_are_refused(on_sqlite: Placet, arguments: list[str], said: str):
    ran = on_sqlite("query", *arguments)

    assert (ran.status, ran.out, said in ran.err) == (2, "", True), ran.err


@pytest.fixture
def on_sqlite(sqlite_template: Path, tmp_path: Path) -> Placet:
    shutil.copy(sqlite_template, tmp_path / "placet.db")
    return Placet(tmp_path, {})


# -- through a server ------------------------------------------------------------------------------


def through(placet: Placet, url: str, user: str, password: str) -> Placet:
    variables = {"PLACET_SERVER": url, "PLACET_USER": user, "PLACET_PASSWORD": password}
    return Placet(placet.folder, variables)


def test_a_server_answers_the_same(placet: Placet):
    process = started(placet)
    with placet.serve() as node:
        admin = through(placet, node.url, "admin", node.password())
        query = ("Data.days > 2 fields ProcessId, CreationTime, Initiator",)
        for form in ("json", "ndjson", "csv", "table"):
            assert admin("query", *query, "--format", form).out == placet("query", *query, "--format", form).out
        for option in ("--count", "--explain"):
            assert admin("query", *query, option).out == placet("query", *query, option).out
        assert admin("query", "--save", "All", "--shared").status == 0
        assert admin("query", "Data.days > 2", "--save", "all").status == 0
        [view] = admin("views", "list", "--format", "json").json
        assert (view["name"], view["query"], view["shared"]) == ("all", "Data.days > 2", False)
        assert [each["ProcessId"] for each in admin("query", "--view", "All", "--format", "json").json] == [process]
        assert admin("views", "remove", "All").status == 0
        refused = admin("query", "Initiator = nobody")
        assert (refused.status, "nobody is called 'nobody'" in refused.err) == (1, True)


# -- watching --------------------------------------------------------------------------------------


class Watched:
    """The lines of a command that goes on, as they are printed."""

    def __init__(self, printed: TextIO) -> None:
        self._printed = printed

    def line(self) -> str:
        return self._printed.readline().rstrip("\n")

    def object(self) -> dict[str, Any]:
        return dict(json.loads(self.line()))


@contextmanager
def watch(placet: Placet, *arguments: str) -> Iterator[Watched]:
    """A command that watches for the length of a block; it is stopped as by Ctrl-C."""
    log = placet.folder / "watch.log"
    program, printed = printing(placet.folder, ["query", "--watch", *arguments], environment(placet.variables), log)
    late = threading.Timer(SECONDS, program.end)
    late.start()
    try:
        yield Watched(printed)
        program.send_signal(signal.SIGINT)
        assert program.wait(SECONDS) == 130, log.read_text()
    finally:
        late.cancel()
        program.end()
        printed.close()


def watch_processes(placet: Placet, watched: Placet) -> None:
    first = started(placet)
    with watch(watched, "Data.days < 9 fields ProcessId, ApprovalStatus", "--format", "ndjson") as seen:
        assert seen.object() == {"ProcessId": first, "ApprovalStatus": "Processing"}
        started(placet, days=12)  # nothing of it is printed
        second = started(placet)
        assert seen.object() == {"ProcessId": second, "ApprovalStatus": "Processing"}
        assert placet("process", "pause", first).status == placet("process", "resume", first).status == 0
        approve(placet, first)  # of what was before nothing is to be seen in these columns
        assert seen.object() == {"ProcessId": first, "ApprovalStatus": "Approved"}
        approve(placet, second)
        assert seen.object() == {"ProcessId": second, "ApprovalStatus": "Approved"}


def test_rows_that_are_new_or_change_are_printed_as_it_happens(placet: Placet):
    watch_processes(placet, placet)


def test_a_server_tells_what_happens_too(placet: Placet):
    with placet.serve() as node:
        watch_processes(placet, through(placet, node.url, "admin", node.password()))


def test_a_table_that_is_watched_has_its_head_once(placet: Placet):
    first = started(placet)
    with watch(placet, "fields ProcessId, ApprovalStatus") as seen:
        assert seen.line().split() == ["ProcessId", "ApprovalStatus"]
        assert seen.line().split() == [first, "Processing"]
        second = started(placet)
        assert seen.line().split() == [second, "Processing"]


def test_events_are_watched_from_where_one_was(placet: Placet):
    process = started(placet)
    arguments = ("--of", "events", "--format", "ndjson", "--after", "0-0")
    with watch(placet, *arguments) as seen:
        events = [seen.object() for _ in range(2)]
    assert [each["Kind"] for each in events] == ["process.started", "work_item.assigned"]
    assert {each["ProcessId"] for each in events} == {process}
    approve(placet, process)
    with watch(placet, *arguments[:-1], events[0]["Position"], "Kind != work_item.assigned") as seen:
        assert seen.object()["Kind"] == "work_item.approved"


def test_a_server_that_comes_back_is_listened_to_again(placet: Placet):
    """Nothing of what happened meanwhile is missed, and nothing is told twice."""
    with ExitStack() as later:
        with placet.serve() as node:
            admin, port = through(placet, node.url, "admin", node.password()), node.url.rsplit(":", 1)[1]
            arguments = ("--of", "events", "--format", "ndjson", "--after", "0-0", "Kind = process.started")
            seen = later.enter_context(watch(admin, *arguments))
            first = started(placet)
            assert seen.object()["ProcessId"] == first
        second = started(placet)
        with Node(placet.folder, ["serve", "--port", port], environment(placet.variables)):
            assert seen.object()["ProcessId"] == second
            third = started(placet)
            assert seen.object()["ProcessId"] == third


# -- completion ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(on_sqlite: Placet, shell: str):
    script = on_sqlite("completion", shell)

    assert (script.status, script.err) == (0, "")
    for word in ("query", "workitems", "watch", "views"):
        assert word in script.out
    if shell == "zsh":  # loads the file as a function, whose first call has to complete already
        assert script.out.splitlines()[-1] == '_cyclopts_placet "$@"'


def test_bash_completes_commands_and_options(on_sqlite: Placet, tmp_path: Path):
    (tmp_path / "placet.bash").write_text(on_sqlite("completion", "bash").out)
    typed = """
        source ./placet.bash
        function_=$(complete -p placet | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
        COMP_WORDS=(placet vie); COMP_CWORD=1; COMP_LINE='placet vie'; COMP_POINT=10
        $function_ placet vie placet; echo "${COMPREPLY[@]}"
        COMP_WORDS=(placet query --wa); COMP_CWORD=2; COMP_LINE='placet query --wa'; COMP_POINT=17
        $function_ placet --wa query; echo "${COMPREPLY[@]}"
    """

    ran = subprocess.run(
        ["bash", "--norc", "-c", typed], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )

    assert [line.split() for line in ran.stdout.splitlines()] == [["views"], ["--watch"]], ran.stderr
