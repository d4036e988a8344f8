"""`placet serve` as a program: what it prints, what it refuses, and the signals that it listens to."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from placet_api.cli.main import run
from tests.programs import PROGRAM, ROOT, Node, Placet, Ran, environment, until

FINISH = "name: Short\nstart: done\nactivities:\n  done: {kind: finish}\n"


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Placet:
    """The program in a folder with definitions and no database: placet.db is what it makes there."""
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions/short.yaml").write_text(FINISH)
    return Placet(tmp_path, {})


@pytest.fixture
def placet(on_sqlite: Placet, empty_database_url: str) -> Placet:
    """The program in that folder, on an empty database of each kind."""
    return Placet(on_sqlite.folder, {"PLACET_DATABASE_URL": empty_database_url})


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program writes to placet.db, so that whoever wants to make tables there waits for it."""
    with closing(sqlite3.connect(folder / "placet.db", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        yield


def address_of(node: Node) -> tuple[str, int]:
    host, port = node.url.removeprefix("http://").split(":")
    return host, int(port)


def definitions_of(node: Node) -> list[str]:
    answer = httpx2.get(f"{node.url}/v1/wf/definitions", auth=("admin", node.password()))
    return [each["Value"] for each in answer.json()]


def test_the_printed_sign_in_works_and_is_not_printed_again(placet: Placet):
    with placet.serve() as node:
        assert httpx2.get(f"{node.url}/readyz").status_code == 200
        assert definitions_of(node) == ["Short"]
        password = node.password()
        assert password not in node.log()
        assert node.stop() == 0

    with placet.serve() as again:
        assert password not in again.welcome
        assert "  admin   (set before)      the administrator\n" in again.welcome
        assert "Set another password for admin with\n  placet user password admin\n" in again.welcome
        assert httpx2.get(f"{again.url}/v1", auth=("admin", password)).status_code == 200


def test_a_given_password_is_taken_and_not_printed(on_sqlite: Placet):
    placet = Placet(on_sqlite.folder, {"PLACET_ADMIN_PASSWORD": "given-one"})

    with placet.serve() as node:
        assert "given-one" not in node.welcome + node.log()
        assert httpx2.get(f"{node.url}/v1", auth=("admin", "given-one")).status_code == 200


def test_a_node_that_starts_answers_and_takes_no_commands(on_sqlite: Placet):
    with ExitStack() as held:
        held.enter_context(locked(on_sqlite.folder))
        with on_sqlite.start() as node:
            ready, alive, other = (httpx2.get(node.url + path) for path in ("/readyz", "/healthz", "/v1"))
            held.close()
            node.await_welcome()

            assert (ready.status_code, alive.status_code, other.status_code) == (503, 200, 503)
            for refused in (ready, other):
                assert "starting" in refused.json()["Fault"]["Reason"]["Text"]
                assert refused.headers["retry-after"] == "1"
            assert httpx2.get(f"{node.url}/readyz").status_code == 200
            assert definitions_of(node) == ["Short"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_that_starts_can_be_stopped(on_sqlite: Placet, number: int):
    with ExitStack() as held:
        held.enter_context(locked(on_sqlite.folder))
        with on_sqlite.start() as node, socket.create_connection(address_of(node)) as idle:
            node.process.send_signal(number)
            until(lambda: '"stopping"' in node.log())
            node.process.send_signal(number)
            held.close()

            assert node.process.wait(30) == 0
            assert idle.recv(1) == b""
            assert node.printed.read() == ""
            assert "Traceback" not in node.log()


def test_sighup_loads_changed_definitions_and_keeps_the_old_ones_where_there_are_faults(placet: Placet):
    file = placet.folder / "definitions/long.yaml"
    with placet.serve() as node:
        file.write_text(FINISH.replace("Short", "Long").replace("finish", "finsh"))
        node.process.send_signal(signal.SIGHUP)
        until(lambda: "no definition was reloaded" in node.log())
        assert "long.yaml:4:16" in node.log()
        assert definitions_of(node) == ["Short"]

        file.write_text(FINISH.replace("Short", "Long"))
        node.process.send_signal(signal.SIGHUP)
        until(lambda: "definitions reloaded" in node.log())
        assert definitions_of(node) == ["Long", "Short"]


@contextmanager
def on_a_terminal(placet: Placet, before: str = "") -> Iterator[tuple[int, str, subprocess.Popen[bytes]]]:
    """A node that was typed into a terminal: that terminal, the node's address, and its process."""
    terminal, its = pty.openpty()
    # A shell leads a session of its own, so that the first terminal which it opens is the one that controls it.
    shell = f'{before}exec "$@" <>{os.ttyname(its)} >&0 2>&0'
    process = subprocess.Popen(
        ["sh", "-c", shell, "sh", *PROGRAM, "serve", "--port", "0"],
        cwd=placet.folder,
        env=environment(placet.variables),
        start_new_session=True,
    )
    printed = b""
    while b"Ctrl-C" not in printed:
        printed += os.read(terminal, 65_536)
    os.close(its)
    found = re.search(rb"http://[0-9.:]+", printed)
    assert found is not None
    try:
        yield terminal, found.group().decode(), process
    finally:
        process.kill()
        process.wait()


def test_a_terminal_that_is_closed_takes_its_node_with_it(on_sqlite: Placet):
    with on_a_terminal(on_sqlite) as (terminal, url, process):
        assert httpx2.get(f"{url}/readyz").status_code == 200
        os.close(terminal)

        assert process.wait(30) == 0


def test_a_node_on_a_terminal_reloads(on_sqlite: Placet):
    with on_a_terminal(on_sqlite) as (terminal, _, process):
        process.send_signal(signal.SIGHUP)

        printed = b""
        while b"definitions reloaded" not in printed:
            printed += os.read(terminal, 65_536)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        os.close(terminal)


def test_nohup_keeps_a_node_when_its_terminal_is_closed(on_sqlite: Placet):
    placet = Placet(on_sqlite.folder, {"PLACET_ADMIN_PASSWORD": "given-one"})
    with on_a_terminal(placet, "trap '' HUP; ") as (terminal, url, process):
        (placet.folder / "definitions/long.yaml").write_text(FINISH.replace("Short", "Long"))
        os.close(terminal)  # which tells it so, and it looks for new definitions

        def definitions() -> list[str]:
            return [
                each["Value"] for each in httpx2.get(f"{url}/v1/wf/definitions", auth=("admin", "given-one")).json()
            ]

        until(lambda: definitions() == ["Long", "Short"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_the_settings_say_how_long_a_request_may_take_to_arrive(on_sqlite: Placet):
    placet = Placet(on_sqlite.folder, {"PLACET_REQUEST_SECONDS": "1"})
    with placet.serve() as node, socket.create_connection(address_of(node)) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\n")
        slow.settimeout(30)

        assert slow.recv(65_536).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_answers_what_was_accepted_and_refuses_what_comes_later(placet: Placet, number: int):
    (placet.folder / "definitions/leave_request.yaml").write_text((ROOT / "definitions/leave_request.yaml").read_text())
    with placet.serve() as node:
        auth = ("admin", node.password())
        [leave] = [
            each["GUID"]
            for each in httpx2.get(f"{node.url}/v1/wf/definitions", auth=auth).json()
            if each["Value"] == "Leave request"
        ]
        body = b'{"DataItems": [{"Name": "days", "Type": "integer", "Value": "3"}]}'
        with socket.create_connection(address_of(node)) as slow:
            request = httpx2.Request("POST", f"{node.url}/v1/wf/definitions/{leave}", content=body)
            slow.sendall(_head(request, auth))  # the head is in, so that the request is accepted
            until(lambda: _is_inside(slow))
            node.process.send_signal(number)
            until(lambda: httpx2.get(f"{node.url}/readyz").status_code == 503)
            assert httpx2.get(f"{node.url}/v1", auth=auth).status_code == 503
            assert httpx2.get(f"{node.url}/healthz").status_code == 200
            slow.sendall(body)
            assert slow.recv(65536).startswith(b"HTTP/1.1 204")
        assert node.process.wait(30) == 0
    assert len(placet("query", "--format", "json").json) == 1


def _head(request: httpx2.Request, auth: tuple[str, str]) -> bytes:
    signed = next(httpx2.BasicAuth(*auth).auth_flow(request))
    signed.headers["Content-Type"] = "application/json"
    signed.headers["Expect"] = "100-continue"
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in signed.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _is_inside(connection: socket.socket) -> bool:
    """Whether the server has begun to read the body: it says so to who asks to be told."""
    return connection.recv(65536).startswith(b"HTTP/1.1 100")


def test_a_second_signal_does_not_wait(placet: Placet):
    with placet.serve() as node, socket.create_connection(address_of(node)) as stuck:
        [short] = httpx2.get(f"{node.url}/v1/wf/definitions", auth=("admin", node.password())).json()
        request = httpx2.Request("POST", f"{node.url}/v1/wf/definitions/{short['GUID']}", content=b"never sent")
        stuck.sendall(_head(request, ("admin", node.password())))
        until(lambda: _is_inside(stuck))
        node.process.send_signal(signal.SIGTERM)
        until(lambda: "stopping" in node.log())
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(20) == 0


def test_what_keeps_a_node_from_starting_is_one_sentence(on_sqlite: Placet):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = on_sqlite("serve", "--port", port)
    assert (refused.status, refused.err) == (
        69,
        f"error: Cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "stop what uses it, or give another --port or PLACET_PORT.\n",
    )
    assert not (on_sqlite.folder / "placet.db").exists()

    missing = on_sqlite("serve", "--port", "0", "--definitions", "nowhere")
    unreachable = on_sqlite("serve", "--port", "0", "--database", "postgresql://nobody:secret@127.0.0.1:1/x")
    open_demo = on_sqlite("serve", "--port", "0", "--demo", "--host", "0.0.0.0")
    assert (missing.status, unreachable.status, open_demo.status) == (3, 69, 2)
    for ran in (missing, unreachable, open_demo):
        assert ran.err.startswith("error: ")
        assert ran.err.count("\n") == 1
        assert "secret" not in ran.err


def test_faulty_definitions_are_all_told_and_nothing_starts(on_sqlite: Placet):
    (on_sqlite.folder / "definitions/one.yaml").write_text(FINISH.replace("Short", "One").replace("finish", "finsh"))
    (on_sqlite.folder / "definitions/two.yaml").write_text(FINISH.replace("Short", "Two").replace("done\n", "gone\n"))

    refused = on_sqlite("serve", "--port", "0")

    assert (refused.status, refused.out) == (1, "")
    assert "one.yaml:4:16: " in refused.err
    assert "two.yaml:2:8: " in refused.err
    assert "Traceback" not in refused.err


def test_commands_work_beside_a_node_and_through_it(
    placet: Placet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def through(node: Node, user: str, password: str) -> Callable[..., Ran]:
        def type_(*arguments: str) -> Ran:
            for name, value in {"SERVER": node.url, "USER": user, "PASSWORD": password}.items():
                monkeypatch.setenv(f"PLACET_{name}", value)
            return Ran(run(arguments), *capsys.readouterr())

        return type_

    shutil.copy(ROOT / "definitions/leave_request.yaml", placet.folder / "definitions")
    with placet.serve() as node:
        assert placet("directory", "load", str(ROOT / "engine/placet/demo/people.yaml")).status == 0
        anna, ben = through(node, "anna", "demo"), through(node, "ben", "demo")
        admin = through(node, "admin", node.password())

        started = anna("start", "Leave request", "--data", "days=3", "--format", "json").json
        [item] = ben("inbox", "--format", "json").json
        assert [item] == placet("inbox", "--user", "ben", "--format", "json").json
        assert (item["process_id"], item["activity"]) == (started["id"], "manager")
        waiting = anna("process", "show", started["id"], "--format", "json").json["waiting"]
        assert [(each["kind"], each["activity"]) for each in waiting] == [("answer", "manager")]
        assert waiting == placet("process", "show", started["id"], "--format", "json").json["waiting"]
        assert anna("process", "pause", started["id"]).status == 4
        assert admin("process", "pause", started["id"]).status == 0
        assert admin("process", "resume", started["id"]).status == 0
        assert ben("approve", item["id"], "--data", "reason=sun", "--comment", "Enjoy").status == 0
        assert ben("deny", item["id"]).status == 5
        assert anna("process", "terminate", started["id"]).status == 5
        assert anna("process", "show", "f" * 32).status == 3
        assert through(node, "anna", "wrong")("inbox").status == 4
        shown = anna("process", "show", started["id"], "--format", "json").json
        [found] = anna("query", f"ProcessId={started['id']}", "--format", "json").json
        assert [found] == placet("query", f"ProcessId={started['id']}", "--format", "json").json
        assert found["ApprovalStatus"] == "Approved"
        assert shown["process"]["approval_status"] == "Approved"
        assert [comment["text"] for comment in shown["comments"]] == ["Enjoy"]
        assert [each["name"] for each in anna("definitions", "list", "--format", "json").json] == [
            "Leave request",
            "Short",
        ]


def test_a_server_is_asked_for_page_after_page(
    placet: Placet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("placet_api.cli.query_desk.AT_ONCE", 2)
    with placet.serve() as node:
        for name, value in {"SERVER": node.url, "USER": "admin", "PASSWORD": node.password()}.items():
            monkeypatch.setenv(f"PLACET_{name}", value)
        started = []
        for _ in range(5):
            assert run(["start", "Short", "--format", "json"]) == 0
            started.append(json.loads(capsys.readouterr().out)["id"])

        assert run(["query", "--format", "json"]) == 0
        assert [each["ProcessId"] for each in json.loads(capsys.readouterr().out)] == started[::-1]
        assert run(["query", "--format", "json", "--limit", "3"]) == 0
        assert [each["ProcessId"] for each in json.loads(capsys.readouterr().out)] == started[:1:-1]


def test_the_demonstration_is_loaded_once_and_nobody_is_let_in_before(tmp_path: Path):
    """On one database: that its log is replayed on both is tested by `test_permits.py`."""
    placet, database = Placet(tmp_path, {}), ("--database", "sqlite:///demonstrated.db")

    with placet.start("--demo", *database) as node:
        assert httpx2.get(f"{node.url}/v1", auth=("ben", "demo")).status_code == 503
        node.await_welcome()
        assert "100 %" in node.log()
        assert "curl -u anna:demo" in node.welcome
        assert f"5, from the folder {ROOT / 'definitions'}\n" in node.welcome  # its own, where there is no folder
        assert f"it is process {node.process.pid}." in node.welcome
        assert httpx2.get(f"{node.url}/v1/wf/workitems?filter=Addressee=self", auth=("ben", "demo")).json() != []
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions")
    with placet.serve("--demo", *database) as again:
        assert "%" not in again.log()
        assert "admin   (set before)" in again.welcome
        assert "anna    demo" in again.welcome
        assert "placet user password admin --database" in again.welcome


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    placet = Placet(tmp_path, {})

    refused = placet("serve", "--port", "0")
    named = placet("serve", "--port", "0", "--demo", "--definitions", "nowhere")
    set_so = placet("serve", "--port", "0", "--demo", PLACET_DEFINITIONS="nowhere")

    assert (refused.status, named.status, set_so.status) == (3, 3, 3)
    assert "The demonstration has its own: --demo." in refused.err


def test_a_lost_password_of_the_administrator_is_set_while_the_node_runs(placet: Placet):
    with placet.serve() as node:
        assert placet("user", "password", "admin", given="another one\n").status == 0
        assert httpx2.get(f"{node.url}/v1", auth=("admin", "another one")).status_code == 200
        assert httpx2.get(f"{node.url}/v1", auth=("admin", node.password())).status_code == 401


def test_the_demonstration_has_a_database_of_its_own(on_sqlite: Placet):
    mine = Placet(on_sqlite.folder, {"PLACET_DATABASE_URL": "sqlite:///mine.db"})
    with mine.start("--demo") as node:
        until(lambda: (mine.folder / "placet-demo.db").exists())
        assert node.stop() == 0

    assert not (mine.folder / "mine.db").exists()
