"""The nodes on a database over HTTP, on the command line and in the console: listed, and drained."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from sqlalchemy import update

from placet import Engine, __version__
from placet.settings import Settings
from placet.store import nodes
from placet.store.nodes import Start
from placet.store.tables import engine_node
from placet_api.cli.exits import Exit
from placet_api.cli.main import run
from tests.acceptance.browsing import signed_in
from tests.acceptance.conftest import PASSWORD, SETTINGS, RunningServer
from tests.programs import Ran

Typed: TypeAlias = Callable[..., Awaitable[Ran]]


async def found(server: RunningServer, path: str = "", expected: int = 200) -> Any:
    answer = await server("admin").get(f"/v1/engines{path}")
    assert answer.status_code == expected, answer.text
    return answer.json()


async def drained(server: RunningServer) -> dict[str, Any]:
    """The engine, once nothing of it runs any more."""
    while not (one := await found(server, "/ENGINE"))["Drained"]:
        pass
    return dict(one)


# -- over HTTP -----------------------------------------------------------------------------------


async def test_engines_are_listed_with_how_they_stand(server: RunningServer):
    (one,) = await found(server)

    assert one == await found(server, "/ENGINE")
    told = {name: one[name] for name in ("EngineId", "Link", "Status", "PID", "Version", "DrainingSince", "Ended")}
    assert told == {
        "EngineId": "ENGINE",
        "Link": "/v1/engines/ENGINE",
        "Status": "Running",
        "PID": os.getpid(),
        "Version": __version__,
        "DrainingSince": "",
        "Ended": "",
    }
    assert one["Started"] <= one["RunningSince"]


async def test_one_is_drained_and_is_not_ready_any_more(server: RunningServer):
    assert (await server("").get("/readyz")).status_code == 200

    answer = await server("admin").post("/v1/engines/ENGINE/drain")
    assert (answer.status_code, answer.json()["Status"]) == (200, "Draining")
    one = await drained(server)
    assert one["DrainingSince"] <= one["Drained"]

    ready = await server("").get("/readyz")
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "1")
    assert "ENGINE is draining" in ready.json()["Fault"]["Reason"]["Text"]
    assert (await server("").get("/healthz")).status_code == 200
    assert await server.start()  # it goes on answering

    (entry,) = (await server("admin").get("/v1/audit?kind=engine")).json()
    assert (entry["Kind"], entry["Target"], entry["Actor"]["Value"]) == ("engine.drained", "ENGINE", "Admin Berg")


async def test_one_that_there_is_not_cannot_be_drained(server: RunningServer, database_url: str):
    async with Engine(settings=Settings(database_url=database_url, engine_id="gone")):
        pass

    assert "There is no engine 'none'" in str(await found(server, "/none", 404))
    assert (await server("admin").post("/v1/engines/none/drain")).status_code == 404
    ended = await server("admin").post("/v1/engines/gone/drain")
    assert (ended.status_code, "Shutdown" in ended.text) == (409, True)
    assert [each["Status"] for each in await found(server)] == ["Running", "Shutdown"]


async def test_who_does_not_operate_sees_none(server: RunningServer):
    for method, path in (("GET", ""), ("GET", "/ENGINE"), ("POST", "/ENGINE/drain")):
        answer = await server("anna").request(method, f"/v1/engines{path}")
        assert (answer.status_code, "PM_SETUP_ADVANCE" in answer.text) == (403, True)


# -- on the command line -------------------------------------------------------------------------


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
    monkeypatch.setattr("placet_api.cli.logging.set_up_logging", lambda level: None)
    if request.param == "through the server":
        monkeypatch.setenv("PLACET_USER", "admin")
        monkeypatch.setenv("PLACET_PASSWORD", PASSWORD)
        where = ["--server", server.url]
    else:
        where = ["--database", database_url]

    async def type_(*arguments: str) -> Ran:
        status = await asyncio.to_thread(run, ["engines", *arguments, *where])
        return Ran(status, *capsys.readouterr())

    return type_


async def test_they_are_listed_and_drained_as_one_types(typed: Typed, server: RunningServer):
    table = await typed("list")
    assert table.out.splitlines()[0].split() == [
        "ID",
        "Status",
        "Address",
        "Version",
        "Since",
        "Last",
        "heard",
        "of",
        "Work",
    ]
    assert table.out.splitlines()[1].split()[:2] == ["ENGINE", "Running"]
    (one,) = (await typed("list", "--format", "json")).json
    assert (one["id"], one["status"], one["pid"], one["drained_at"]) == ("ENGINE", "Running", os.getpid(), None)

    alone = await typed("drain", "ENGINE")
    assert (alone.status, alone.out.startswith("ENGINE takes no more work.")) == (Exit.DONE, True)
    assert "No engine runs now that takes work" in alone.err
    assert (await typed("drain", "ENGINE", "--wait")).out.startswith("ENGINE is drained: nothing of it runs any more.")
    assert (await drained(server))["Status"] == "Draining"
    (one,) = (await typed("list", "--format", "json")).json
    assert (one["status"], one["drained_at"] is not None) == ("Draining", True)
    assert "none since" in (await typed("list")).out

    none = await typed("drain", "none")
    assert (none.status, "There is no engine 'none'" in none.err) == (Exit.NOT_FOUND, True)


@pytest.mark.parametrize("what", ["started again", "silent"])
async def test_who_waits_for_one_that_never_runs_empty_is_told(typed: Typed, server: RunningServer, what: str):
    """Another program stands for the engine: it is drained, and then begins anew, or is not heard of any more."""
    store = server.engine.store
    start = Start("other", "0" * 32, None, "there", 4711, "0.1.0")

    def moves_on(tx: Any) -> None:
        if what == "silent":
            tx.execute(update(engine_node).where(engine_node.c.id == "other").values(beat_at=long_ago))
        else:
            nodes.register(tx, replace(start, run="1" * 32))

    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    await store.write(partial(nodes.register, start=start))
    waiting = asyncio.create_task(typed("drain", "other", "--wait"))
    while (await found(server, "/other"))["Status"] != "Draining":
        pass
    await store.write(moves_on)
    ran = await asyncio.wait_for(waiting, 30)
    assert "No engine runs" not in ran.err

    if what == "silent":
        assert (ran.status, ran.out.startswith("other has not been heard of since 20")) == (Exit.DONE, True)
        again = await typed("drain", "other")
        assert (again.status, "process 4711 on there" in again.err) == (Exit.CONFLICT, True)
    else:
        assert (ran.status, "other was started again meanwhile" in ran.err) == (Exit.CONFLICT, True)


async def test_where_none_has_run_it_says_so(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any):
    monkeypatch.setattr("placet_api.cli.logging.set_up_logging", lambda level: None)
    status = await asyncio.to_thread(run, ["engines", "list", "--database", database_url])

    assert (status, capsys.readouterr().err.strip()) == (Exit.DONE, "There are none.")


# -- in the console ------------------------------------------------------------------------------


async def test_the_page_lists_them_and_drains_one(server: RunningServer, database_url: str):
    async with Engine(settings=Settings(database_url=database_url, engine_id="other")):
        pass
    admin, anna = await signed_in(server, "admin"), await signed_in(server, "anna")
    page = await admin.page("/engines")
    assert "ENGINE Running" in page
    assert "other Shutdown" in page
    assert page.count(" Drain ") == 2  # the name of the column, and one button: what has ended needs none
    html = (await admin.get("/console/engines")).text
    assert "Drain ENGINE? It takes no more work until it is restarted. No other engine runs: " in html
    async with Engine(settings=Settings(database_url=database_url, engine_id="other")):
        html = (await admin.get("/console/engines")).text
        assert 'Drain ENGINE? It takes no more work until it is restarted."' in html

    assert (await admin.submit("/engines/ENGINE/drain")).endswith("/console/engines")
    assert "ENGINE takes no more work" in await admin.page("/engines")
    await drained(server)
    assert "ENGINE Draining nothing runs any more" in await admin.page("/engines")
    assert "ENGINE" in await admin.page("/")

    assert "'other' is Shutdown" in await admin.submit("/engines/other/drain", expected=409)
    await admin.submit("/engines/none/drain", expected=404)
    await anna.submit("/engines/ENGINE/drain", expected=403)
