"""`placet webhooks`, on a database and through a server: both do the same and print the same."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from placet import Engine, ManualClock
from placet_api.cli.main import run
from tests.acceptance.conftest import PASSWORD, SETTINGS, RunningServer
from tests.fault_server import FaultServer
from tests.programs import Ran

Typed: TypeAlias = Callable[..., Awaitable[Ran]]


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    """An engine that may call servers of this machine."""
    settings = SETTINGS.with_values("test", outbound_allow="127.0.0.0/8")
    async with Engine(database_url, settings=settings, clock=clock) as engine:
        yield engine


@pytest.fixture
async def receiver() -> AsyncIterator[FaultServer]:
    async with FaultServer() as receiver:
        yield receiver


@pytest.fixture(params=["on its database", "through the server"])
def typed(
    request: pytest.FixtureRequest,
    server: RunningServer,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Commands of the administrator, whom the server knows, or of whoever holds the database."""
    for name in [name for name in os.environ if name.startswith("PLACET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLACET_SECRET_KEY", SETTINGS.secret_key)
    monkeypatch.setenv("PLACET_OUTBOUND_ALLOW", "127.0.0.0/8")
    monkeypatch.setattr("placet_api.cli.logging.set_up_logging", lambda level: None)
    if request.param == "through the server":
        monkeypatch.setenv("PLACET_USER", "admin")
        monkeypatch.setenv("PLACET_PASSWORD", PASSWORD)
        where = ["--server", server.url]
    else:
        where = ["--database", database_url]

    async def type_(*arguments: str) -> Ran:
        status = await asyncio.to_thread(run, ["webhooks", *arguments, *where])
        return Ran(status, *capsys.readouterr())

    return type_


async def test_a_webhook_is_added_changed_listed_and_removed(typed: Typed, engine: Engine):
    made = await typed("add", "Ledger", "https://example.org/in?key=1", "--event", "process.*", "--filter",
                       "ProcessStatus=Running", "--filter", "ApprovalStatus=Processing")  # fmt: skip
    secret = made.out.split()[-1]
    assert (made.status, len(secret) >= 32) == (0, True)
    (listed,) = (await typed("list", "--format", "json")).json
    assert (listed["name"], listed["url"], listed["events"]) == (
        "Ledger",
        "https://example.org/in?key=1",
        ["process.*"],
    )
    assert listed["filter"] == "ProcessStatus=Running\nApprovalStatus=Processing"
    assert secret not in str(listed)

    assert (await typed("change", "ledger", "--event", "", "--inactive")).out == "Changed ledger.\n"
    assert (await typed("change", "Ledger", "--new-secret")).out.split()[-1] != secret
    (changed,) = (await typed("list", "--format", "json")).json
    assert (changed["events"], changed["active"], changed["filter"]) == ([], False, listed["filter"])
    assert "inactive" in (await typed("list")).out

    refused = await typed("change", "Ledger")
    assert (refused.status, "Nothing is to be changed" in refused.err) == (2, True)
    missing = await typed("remove", "Leger")
    assert (missing.status, "There is no webhook 'Leger': did you mean 'Ledger'?" in missing.err) == (3, True)
    assert (await typed("remove", "Ledger")).out == "Removed Ledger.\n"
    assert (await typed("list")).err == "There are none.\n"


async def test_a_test_shows_what_came_back(typed: Typed, engine: Engine, receiver: FaultServer):
    secret = (await typed("add", "Ledger", receiver.url("/ok"))).out.split()[-1]
    good = await typed("test", "Ledger")
    assert (good.status, good.out.splitlines()[0]) == (0, "It answered 200 OK.")
    assert "response" in good.out
    assert secret not in good.out

    await typed("change", "Ledger", "--url", receiver.url("/error?code=404"))
    bad = await typed("test", "Ledger", "--format", "json")
    assert (bad.status, bad.json["success"], bad.json["message"]) == (1, False, "It answered 404 Not Found.")
    assert bad.json["response"]["code"] == 404


async def test_what_is_dead_is_shown_and_replayed(
    typed: Typed, engine: Engine, receiver: FaultServer, clock: ManualClock
):
    await typed("add", "Ledger", receiver.url("/error?times=24"), "--event", "process.started")
    await engine.refresh()
    for _ in range(2):
        await engine.start("Leave request", actor="anna", data={"days": 1, "reason": "rest"})
    for _ in range(24):  # after ten failures it is left alone but for one try at a time
        await engine.settled()
        clock.move(hours=12)

    dead = (await typed("dead", "Ledger", "--format", "json")).json
    assert [(each["tries"], each["last_error"]) for each in dead] == [
        (12, "It answered 500 Internal Server Error.")
    ] * 2
    assert dead[0]["event_id"] in (await typed("dead", "Ledger", "--limit", "1")).out
    one = await typed("replay", "Ledger", "--event", dead[0]["event_id"])
    assert one.out == "On its way again: 1.\n"
    assert (await typed("replay", "Ledger")).out == "On its way again: 1.\n"
    await engine.settled()  # a lease that runs out under way would send one twice
    clock.move_to(datetime.now(UTC) + timedelta(hours=1))  # the program has a clock of its own
    await engine.settled()
    assert (await typed("dead", "Ledger")).err == "There are none.\n"
    assert len(receiver.requests) == 26
