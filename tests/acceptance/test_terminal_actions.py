"""Everything that the web console offers for a process can be done in the terminal, and has the same outcome."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import pytest

from placet import Engine
from placet_api.actions import ACTIONS, Action, Subject
from placet_api.cli.console.actions import ActionMenu
from tests.acceptance.browsing import signed_in
from tests.acceptance.conftest import RunningServer
from tests.acceptance.sitting import Sitting, sitting, way_to
from tests.acceptance.test_calls import OUTBOUND, UNDRAWN
from tests.acceptance.test_incidents import connect
from tests.fault_server import FaultServer

BOARD = "cn=Board,ou=groups,o=placet"
ASKED = """
name: Asked
data: {days: {type: integer}}
start: ask
activities:
  ask:
    kind: approval
    name: Ask the board
    addressees: cn=Board,ou=groups,o=placet
    writes: [days]
    paths: {approved: done, denied: done, refused: done, returned: ask}
  done: {kind: finish}
"""

State = Callable[[RunningServer], Awaitable[str]]


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, settings=OUTBOUND, clock=clock) as engine:
        await engine.as_system().deploy(ASKED)
        await engine.as_system().deploy(UNDRAWN)
        yield engine


async def asked(server: RunningServer) -> str:
    return (await server.engine.start("Asked", actor="anna", data={"days": 3})).process.id


async def paused(server: RunningServer) -> str:
    process = await asked(server)
    await server.engine.pause(process, actor="admin")
    return process


async def claimed(server: RunningServer) -> str:
    process = await asked(server)
    await server.engine.act(f"{process[:28]}0001", "claim", actor="ben")
    return process


async def failed(server: RunningServer) -> str:
    async with FaultServer() as faults:
        await connect(server.engine, faults, "/status/400")
        process = (await server.engine.start("Undrawn", actor="anna", data={"who": "Ann"})).process.id
        await server.engine.settled()
    return process


#: Who does each action in which state, what he fills in, and how one sees that it was done.
CASES: dict[tuple[Subject, str], tuple[State, str, dict[str, str], str]] = {
    (Subject.PROCESS, "comment"): (asked, "anna", {"ask-text": "Soon?"}, "process.commented"),
    (Subject.PROCESS, "change-data"): (asked, "admin", {"field-days": "8"}, "process.data_changed"),
    (Subject.PROCESS, "pause"): (asked, "admin", {}, "process.paused"),
    (Subject.PROCESS, "resume"): (paused, "admin", {}, "process.resumed"),
    (Subject.PROCESS, "terminate"): (asked, "anna", {"ask-reason": "A slip"}, "process.terminated"),
    (Subject.PROCESS, "end-in-error"): (asked, "admin", {"ask-reason": "A slip"}, "process.terminated"),
    (Subject.WORK_ITEM, "approve"): (asked, "ben", {"field-days": "8", "ask-comment": "Go"}, "work_item.approved"),
    (Subject.WORK_ITEM, "deny"): (asked, "ben", {}, "work_item.denied"),
    (Subject.WORK_ITEM, "refuse"): (asked, "ben", {"ask-comment": "Not me"}, "work_item.refused"),
    (Subject.WORK_ITEM, "return"): (asked, "ben", {"ask-comment": "Why?"}, "work_item.returned"),
    (Subject.WORK_ITEM, "claim"): (asked, "ben", {}, "work_item.claimed"),
    (Subject.WORK_ITEM, "release"): (claimed, "ben", {}, "work_item.released"),
    (Subject.WORK_ITEM, "reassign"): (asked, "admin", {"ask-to": "clara"}, "work_item.reassigned"),
    (Subject.WORK_ITEM, "comment"): (asked, "ben", {"ask-comment": "Hm"}, "work_item.commented"),
    (Subject.INCIDENT, "retry"): (failed, "admin", {"ask-inputs": '{"who": "Bo"}'}, "incident.retried"),
    (Subject.INCIDENT, "skip"): (failed, "admin", {"ask-result": '{"ok": 1}'}, "incident.skipped"),
}


def test_there_is_a_case_for_every_action():
    assert list(CASES) == [(each.of, each.name) for each in ACTIONS]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda each: f"{each.of.name}-{each.name}".lower())
async def test_every_action_of_the_web_console_is_carried_out(server: RunningServer, database_url: str, action: Action):
    state, user, given, event = CASES[action.of, action.name]
    process = await state(server)
    async with sitting(server, user, way_to(database_url)) as here:
        here.app.show_process(process)
        await here.sees("Why it waits", process)
        await here.press("a")
        await here.until(lambda: isinstance(here.app.screen, ActionMenu))
        assert offered(here) == await offered_in_the_browser(server, user, process)
        await choose(here, action)
        await here.until(lambda: here.app.screen.query("#send"))
        for widget_id, text in given.items():
            here.app.screen.query_one(f"#{widget_id}").focus()
            await here.on(widget_id)
            await here.press("ctrl+a" if widget_id.startswith("ask") else "home", "ctrl+k")
            await here.type(text)
        await here.press("ctrl+s")
        await here.hears(action.done)
        happened = await server.engine.timeline(process, actor="admin")
        assert event in {each.kind for each in happened}
        await check_given(server, process, given)


def offered(here: Sitting) -> set[tuple[str, str, str]]:
    assert isinstance(here.app.screen, ActionMenu)
    return {(each.action.of.value, each.id, each.action.name) for _, each in here.app.screen._offers}


async def offered_in_the_browser(server: RunningServer, user: str, process: str) -> set[tuple[str, str, str]]:
    """What the page of the process offers to him, by links or by buttons; to comment it has a form of its own."""
    browser = await signed_in(server, user)
    page = unescape((await browser.get(f"/console/processes/{process}")).text)
    links = set(re.findall(r'href="[^"]*/act\?of=([^&]+)&thing=(\w+)&do=([\w-]+)"', page))
    names = (
        r'name="of" value="([^"]+)"[^>]*><input[^>]*name="thing" value="(\w+)"><input[^>]*name="do" value="([\w-]+)"'
    )
    return {
        (of.replace("+", " ").replace("%20", " "), id_, name) for of, id_, name in {*links, *re.findall(names, page)}
    }


async def choose(here: Sitting, action: Action) -> None:
    """Go down to what the action is about, and press its letter."""
    menu: Any = here.app.screen
    place = next(n for n, (_, each) in enumerate(menu._offers) if each.action is action)
    await here.press(*["down"] * place, action.key)


async def check_given(server: RunningServer, process: str, given: dict[str, str]) -> None:
    """What was filled in has arrived."""
    comments = {each.text for each in await server.engine.comments(process, actor="admin", system=False)}
    data = (await server.engine.process(process, actor="admin")).process.data
    for name, text in given.items():
        if name in ("ask-text", "ask-reason", "ask-comment"):
            assert text in comments
        if name == "field-days":
            assert data["days"] == int(text)
