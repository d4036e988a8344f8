"""The reference of the commands: each example is run in a folder and on a database as its section supposes them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from placet import Engine
from placet.directory import absences, accounts, proxies
from placet.directory.caller import Caller
from placet.store import applications, nodes
from placet.store.applications import ApplicationRow
from placet.webhooks.records import Wanted
from tests.acceptance.reader import Reader
from tests.acceptance.terminals import Program
from tests.conftest import nothing
from tests.programs import ROOT

PAGE = (ROOT / "docs/reference/commands.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (placet [^\n]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
PEOPLE = ROOT / "engine/placet/demo/people.yaml"
CONNECTORS = ROOT / "tests/data/connectors.yaml"
SECRETS = {"CLIENT_SECRET": "the secret of an application", "ADMIN_PASSWORD": "the password of a user"}
BROKEN = "name: Broken\nstart: ask\nactivities:\n  done: {kind: finsh}\n"

TRIP = """
name: Trip
data: {city: {type: string}}
start: book
activities:
  book: {kind: connector, name: Book it, connector: Book a trip, inputs: {city: data.city}, paths: {success: done}}
  done: {kind: finish}
"""

# What was done before: for each process of the example, oldest first, the days that were asked for and what followed.
BEFORE: dict[str, list[tuple[int, str]]] = {
    "placet explain access": [(3, "")],
    "placet query": [(3, "approve"), (12, "deny")],
    "placet process show": [(3, "approve")],
    "placet process terminate": [(3, "")],
    "placet process pause": [(3, "")],
    "placet process resume": [(3, "pause")],
    "placet inbox": [(3, "")],
    "placet approve": [(3, "")],
    "placet deny": [(12, "")],
    "placet act": [(12, "")],
}
# Sections about an absence or a grant of Anna's that is there already.
ARRANGED = {"placet absence list", "placet absence remove", "placet proxy list", "placet proxy remove"}
ON_AN_APPLICATION = {"placet applications list", "placet applications remove"}
ON_NO_DATABASE = {"placet serve", "placet migrate", "placet completion"}
WITHOUT_CONNECTORS = {"placet connectors import", "placet connectors openapi"}
WITHOUT_PEOPLE = {"placet directory load"}
BEAT = """
UPDATE engine_node SET beat_at = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) WHERE id = 'app-1-8080'
"""
# These examples are not cut to 80 columns.
WIDE = {
    "placet connectors openapi",
    "placet engines list",
    "placet settings",
    "placet definitions list",
    "placet user list",
    "placet absence list",
    "placet proxy list",
    "placet audit",
    "placet applications list",
    "placet explain access",
    "placet incidents list",
    "placet incidents show",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Definitions, one of them changed since it was deployed, and the files that examples name."""
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions")
    with (tmp_path / "definitions/leave_request.yaml").open("a") as leave:
        leave.write("# changed\n")
    shutil.copy(PEOPLE, tmp_path / "people.yaml")
    (tmp_path / "broken.yaml").write_text(BROKEN)
    (tmp_path / "secret.txt").write_text("a new password\n")
    for name in ("connectors.yaml", "travel.json", "logo.png"):
        shutil.copy(ROOT / "tests/data" / name, tmp_path)
    return tmp_path


class Receiver(BaseHTTPRequestHandler):
    """Takes whatever is sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def webhook(section: str, folder: Path) -> Iterator[str]:
    """Where the webhook of the examples sends to; only a test sends anything, to a server of this machine."""
    if section != "placet webhooks test":
        yield "https://ledger.example.org/in"
        return
    (folder / "placet.toml").write_text('outbound_allow = "127.0.0.0/8"')
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/in"
        server.shutdown()
        thread.join()


async def people_and_definitions(url: str) -> None:
    """What nearly every section supposes."""
    async with Engine(url, run_jobs=False) as engine:
        await engine.as_system().load_people(PEOPLE)
        for name in ("leave_request", "purchase_order"):
            await engine.as_system().deploy((ROOT / f"definitions/{name}.yaml").read_text("utf-8"))


async def prepare(section: str, database: Path, webhook: str) -> list[str]:
    """Bring a database with people and definitions to where a section begins; return the ids of its processes."""
    started = []
    async with Engine(f"sqlite:///{database}") as engine:
        if section.startswith("placet engines"):
            await engine.store.write(another_engine)
        if "Role Approval" in SECTIONS[section]:
            await engine.as_system().deploy((ROOT / "definitions/role_approval.yaml").read_text("utf-8"))
        if section == "placet audit":
            system = Caller(None, engine.directory, engine.clock.now())
            await accounts.set_status(engine.store, system, "anna", "INACTIVE")
        if section.startswith("placet connectors") and section not in WITHOUT_CONNECTORS:
            system = Caller(None, engine.directory, engine.clock.now())
            await engine.connectors.import_text(system, CONNECTORS.read_text(), CONNECTORS.name, SECRETS)
        if section in ON_AN_APPLICATION:
            await engine.store.write(lambda tx: applications.add(tx, travel(engine)))
        if section.startswith("placet webhooks"):
            system = Caller(None, engine.directory, engine.clock.now())
            await engine.webhooks.add(system, Wanted(name="Ledger", url=webhook, events=["process.*"]))
        if section in ARRANGED:
            started.append(await arrange(engine, section))
        if section.startswith("placet incidents"):
            await engine.as_system().deploy(TRIP)
            started.append((await engine.start("Trip", actor="anna", data={"city": "Oslo"})).process.id)
            await engine.settled()
        for days, then in BEFORE.get(section, []):
            data = {"days": days, "reason": "A long weekend"}
            process_id = (await engine.start("Leave request", actor="anna", data=data)).process.id
            started.append(process_id)
            if then == "pause":
                await engine.as_system().pause(process_id)
            elif then:
                who = "ben" if days == 3 else "oskar"
                await engine.act(f"{process_id[:28]}0001", then, actor=who, comment="Enjoy it")
    return started


def travel(engine: Engine) -> ApplicationRow:
    """A public application of Anna's."""
    anna = engine.directory.person("anna")
    assert anna is not None
    return ApplicationRow(
        id="QXJMZPLWTRBCVNKDHFGSAYEUIOQXJMZP",
        name="Travel",
        owner=anna.id,
        created_at=engine.clock.now(),
        redirect_uris=("https://t.example.org/in",),
    )


def another_engine(tx: Any) -> None:
    """An engine of another machine."""
    start = nodes.Start("app-1-8080", "0" * 32, "http://app-1:8080", "app-1", 4711, "0.1.0")
    nodes.register(tx, start)
    nodes.mark(tx, start.id, start.run, "running_since")


@pytest.fixture
def living(section: str, folder: Path) -> Iterator[None]:
    """Let the other engine be heard of for as long as the example takes."""
    over = Event()

    def beat() -> None:
        while not over.wait(0.5):
            with closing(sqlite3.connect(folder / "placet.db", isolation_level=None)) as database:
                database.execute(BEAT)

    thread = Thread(target=beat)
    if section.startswith("placet engines"):
        thread.start()
    yield
    over.set()
    if thread.ident is not None:
        thread.join()


async def arrange(engine: Engine, section: str) -> str:
    """Let Ben stand in for Anna, as the section needs it; gives the id of that."""
    caller = Caller(engine.directory.person("anna"), engine.directory, engine.clock.now())
    if "absence" in section:
        return (await absences.add(engine.store, caller, absences.NewAbsence(delegate="ben"), [])).id
    return (await proxies.add(engine.store, caller, proxies.NewProxy(proxy="ben"))).id


@pytest.mark.parametrize("section", SECTIONS)
def test_an_example_does_what_it_prints(
    section: str, folder: Path, webhook: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    started: list[str] = []
    templates = request.getfixturevalue("sqlite_templates")
    if section in WITHOUT_PEOPLE:
        shutil.copy(templates(nothing), folder / "placet.db")
    elif section not in ON_NO_DATABASE:
        shutil.copy(templates(people_and_definitions), folder / "placet.db")
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            started = runner.run(prepare(section, folder / "placet.db", webhook))
    program = Program(folder, monkeypatch)
    if section == "placet mail test":
        request.getfixturevalue("mail_server")
    monkeypatch.setenv("PATH", os.pathsep.join((f"{sys.prefix}/bin", os.environ["PATH"])))
    if section in WIDE:
        program.columns(120)
    if section.startswith("placet engines"):
        request.getfixturevalue("living")

    with Reader(folder, program) as reader:
        printed = sorted(set(re.findall(r"\b[0-9a-f]{28}(?=[0-9a-f]{4}\b)", SECTIONS[section])))
        reader.knows(zip(printed, started, strict=section in BEFORE))
        reader.read(SECTIONS[section])
