"""The reference of the commands: each example is run in a folder and on a database as its section supposes them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from placet import Engine
from placet.directory import absences, accounts, proxies
from placet.directory.caller import Caller
from placet.store import applications
from placet.store.applications import ApplicationRow
from tests.acceptance.reader import Reader
from tests.acceptance.terminals import Program
from tests.programs import ROOT

PAGE = (ROOT / "docs/reference/commands.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (placet [^\n]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
PEOPLE = ROOT / "engine/placet/demo/people.yaml"
BROKEN = "name: Broken\nstart: ask\nactivities:\n  done: {kind: finsh}\n"

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
ON_NO_DATABASE = {"placet serve", "placet migrate"}
WITHOUT_PEOPLE = {"placet directory load"}
# These examples are not cut to 80 columns.
WIDE = {
    "placet settings",
    "placet definitions list",
    "placet user list",
    "placet absence list",
    "placet proxy list",
    "placet audit",
    "placet applications list",
    "placet explain access",
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
    return tmp_path


async def prepare(section: str, database: Path) -> list[str]:
    """Bring a database to where a section begins; return the ids of its processes."""
    started = []
    async with Engine(f"sqlite:///{database}") as engine:
        if section in WITHOUT_PEOPLE:
            return []
        await engine.as_system().load_people(PEOPLE)
        for name in ("leave_request", "purchase_order"):
            await engine.as_system().deploy((ROOT / f"definitions/{name}.yaml").read_text("utf-8"))
        if "Role Approval" in SECTIONS[section]:
            await engine.as_system().deploy((ROOT / "definitions/role_approval.yaml").read_text("utf-8"))
        if section == "placet audit":
            system = Caller(None, engine.directory, engine.clock.now())
            await accounts.set_status(engine.store, system, "anna", "INACTIVE")
        if section in ON_AN_APPLICATION:
            await engine.store.write(lambda tx: applications.add(tx, travel(engine)))
        if section in ARRANGED:
            started.append(await arrange(engine, section))
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


async def arrange(engine: Engine, section: str) -> str:
    """Let Ben stand in for Anna, as the section needs it; gives the id of that."""
    caller = Caller(engine.directory.person("anna"), engine.directory, engine.clock.now())
    if "absence" in section:
        return (await absences.add(engine.store, caller, absences.NewAbsence(delegate="ben"), [])).id
    return (await proxies.add(engine.store, caller, proxies.NewProxy(proxy="ben"))).id


@pytest.mark.parametrize("section", SECTIONS)
def test_an_example_does_what_it_prints(section: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    started: list[str] = []
    if section not in ON_NO_DATABASE:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            started = runner.run(prepare(section, folder / "placet.db"))
    program = Program(folder, monkeypatch)
    monkeypatch.setenv("PATH", os.pathsep.join((f"{sys.prefix}/bin", os.environ["PATH"])))
    if section in WIDE:
        program.columns(120)

    with Reader(folder, program) as reader:
        printed = sorted(set(re.findall(r"\b[0-9a-f]{28}(?=[0-9a-f]{4}\b)", SECTIONS[section])))
        reader.knows(zip(printed, started, strict=section in BEFORE))
        reader.read(SECTIONS[section])
