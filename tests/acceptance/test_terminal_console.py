"""The terminal console on a database and through a server, on a screen of 80 by 24 characters."""

from __future__ import annotations

import pytest

from placet import Engine
from tests.acceptance.conftest import RunningServer
from tests.acceptance.sitting import sitting, way_to

LINKED = """
name: Trip
form:
  fields:
    abroad: {label: Abroad}
    visa: {label: Visa number, visible: "has(data.abroad) && data.abroad"}
    means: {label: Means, choices: [train, plane]}
data:
  abroad: {type: boolean}
  visa: {type: string}
  means: {type: string}
  first: {type: date}
start: ask
activities:
  ask: {kind: approval, name: Ask Ben, addressees: "'ben'", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""

pytestmark = pytest.mark.usefixtures("without_jobs")


@pytest.fixture
def way(database_url: str) -> str:
    return way_to(database_url)


# -- query -----------------------------------------------------------------------------------------


async def test_a_query_is_completed_run_and_opened(server: RunningServer, way: str):
    for days in (2, 3, 5):
        await server.start(days=days)
    async with sitting(server, "anna", way) as here:
        await here.sees("3 shown · 3 in all", "Leave request")
        await here.press("slash")
        await here.type("CreationT")
        await here.sees("CreationTime")
        await here.press("tab")
        await here.until(lambda: here.app.screen.bar.text == "CreationTime ")
        await here.type("> -7d and Data.days > 2 sort Data.days")
        await here.press("enter")
        await here.sees("2 shown · 2 in all")
        await here.press("down", "enter")
        await here.sees("Why it waits", "It has waited since", "Leave request 1 · Running")
        await here.press("2")
        await here.sees("days")
        await here.press("escape")
        await here.sees("2 shown")


async def test_a_fault_says_where_and_what_would_fit(server: RunningServer):
    async with sitting(server, "anna") as here:
        await here.press("slash")
        await here.type("Initiatr = me")
        await here.press("enter")
        await here.sees("'Initiatr' is not a field of processes")
        assert here.app.screen.bar.line.cursor_position == 0
        assert "Traceback" not in here.text


async def test_pages_come_as_one_goes_down(server: RunningServer, way: str):
    for _ in range(130):
        await server.engine.start("Leave request", actor="anna", data={"days": 1})
    async with sitting(server, "anna", way) as here:
        await here.sees("100 shown · 130 in all")
        await here.press(*["pagedown"] * 8)
        await here.sees("130 shown")
        table = here.app.screen.table
        assert len({table.coordinate_to_cell_key((row, 0)).row_key for row in range(table.row_count)}) == 130


async def test_what_happens_comes_to_the_rows_without_a_jump(server: RunningServer, way: str):
    first = await server.start(days=3)
    second = await server.start(days=3)
    async with sitting(server, "anna", way) as here:
        await here.press("down")
        table = here.app.screen.table
        lit = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        assert lit == first
        await server.act("ben", await server.item(second), "Approve")
        await here.sees("Approved")
        third = await server.start(days=4)
        await here.sees("1 new or changed: F5 shows them")
        assert third not in here.app.screen._listing.rows
        await here.press("f5")
        await here.sees("3 shown")
        assert table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value == lit


async def test_who_stands_at_the_beginning_sees_what_comes(server: RunningServer, way: str):
    async with sitting(server, "anna", way) as here:
        await here.sees("There are none.")
        await server.start(days=3)
        await here.sees("1 shown", "Running")


async def test_other_things_are_searched_and_grouped(server: RunningServer, way: str):
    await server.start(days=3)
    async with sitting(server, "ben", way) as here:
        await here.press("2")
        await here.sees("1 shown", "Open")
        await here.press("3")
        await here.sees("process.started")
        await here.press("1")
        await here.press("slash")
        await here.type("group by Definition")
        await here.press("enter")
        await here.sees("count", "Leave request")
        await here.press("x")
        await here.sees("How the query is run", "group by Definition")


async def test_views_are_saved_run_and_removed(server: RunningServer, way: str):
    await server.start(days=3)
    async with sitting(server, "anna", way) as here:
        await here.press("slash")
        await here.type("Data.days > 9")
        await here.press("enter")
        await here.sees("There are none.")
        await here.press("ctrl+s")
        await here.sees("Save the query as a view", "Data.days > 9")
        await here.press("enter")
        await here.sees("''")  # a view needs a name
        await here.type("long")
        await here.press("enter")
        await here.hears("Saved as long.")
        await here.press("slash")
        here.app.screen.bar.put("")
        await here.press("enter")
        await here.sees("1 shown")
        await here.press("f6")
        await here.sees("long", "Data.days > 9")
        await here.press("enter")
        await here.sees("There are none.")
        assert here.app.screen.bar.text == "Data.days > 9"
        await here.press("f6")
        await here.sees("long")
        await here.press("delete")
        await here.sees("There are none yet")


async def test_a_process_leads_to_those_with_the_same_correlation_id(server: RunningServer):
    for known in ("both", "both", "other"):
        await server.engine.start("Leave request", actor="anna", data={"days": 1}, correlation_id=known)
    async with sitting(server, "anna") as here:
        await here.press("down", "enter")
        await here.sees("Running · both")
        await here.press("o")
        await here.sees("CorrelationId = 'both'", "2 shown")


# -- inbox -----------------------------------------------------------------------------------------


async def test_a_letter_answers_a_work_item(server: RunningServer, way: str):
    process = await server.start(days=3)
    async with sitting(server, "ben", way) as here:
        await here.press("f3")
        await here.sees("1 shown", "Manager's approval")
        await here.press("r")
        await here.hears("Reassign is not possible here; what you can do now: Approve, Deny")
        await here.press("a")
        await here.sees("Approve", "reason", "Comment")
        await here.press("tab")
        await here.type("Enjoy")
        await here.press("enter")
        await here.sees("Nothing waits for you.")
        await here.hears("Approved.")
    found = await server.engine.process(process, actor="anna")
    comments = await server.engine.comments(process, actor="anna", system=False)
    assert found.process.approval_status.label == "Approved"
    assert [each.text for each in comments] == ["Enjoy"]


async def test_several_are_answered_at_once_and_one_that_cannot_be_keeps_none(server: RunningServer, way: str):
    first, second, third = [await server.start(days=days) for days in (1, 2, 3)]
    async with sitting(server, "ben", way) as here:
        await here.press("f3")
        await here.sees("3 shown")
        await here.press("space", "space", "space")
        await here.sees("3 ticked")
        await here.press("d")
        await here.sees("3 work items, each with the same comment.")
        await server.act("ben", await server.item(second), "Approve")
        await here.type("No")
        await here.press("enter")
        await here.hears("2 done.")
        await here.sees("Nothing waits for you.")
    statuses = [
        (await server.engine.process(each, actor="anna")).process.approval_status.label
        for each in (first, second, third)
    ]
    assert statuses == ["Denied", "Approved", "Denied"]


async def test_the_inbox_follows_what_happens(server: RunningServer):
    async with sitting(server, "ben") as here:
        await here.press("f3")
        await here.sees("Nothing waits for you.")
        process = await server.start(days=3)
        await here.sees("1 shown")
        await here.press("o")
        await here.sees("Why it waits", process)


# -- start -----------------------------------------------------------------------------------------


@pytest.fixture
async def trips(engine: Engine) -> None:
    await engine.as_system().deploy(LINKED)


async def test_a_request_is_started_by_its_form(server: RunningServer, trips: None, way: str):
    async with sitting(server, "anna", way) as here:
        await here.press("f4")
        await here.sees("Leave request", "Trip")
        names = [each.name for each in here.app.screen._found.values()]
        await here.press(*["down"] * names.index("Trip"), "enter")
        await here.sees("Abroad", "Means", "For whom")
        assert "Visa number" not in here.text
        await here.on("field-abroad")
        await here.press("enter")  # opens its choices
        await here.until(lambda: here.app.screen.query_one("#field-abroad").expanded)
        await here.press("y")
        await here.press("enter")
        await here.sees("Visa number")
        here.app.screen.query_one("#field-visa").focus()
        await here.type("X1")
        await here.press("ctrl+s")
        await here.hears("Trip is started.")
        await here.sees("Trip 1 · Running", "Ask Ben")
    [found] = await server.engine.processes("Definition=cn=Trip,cn=RequestDefs,cn=AppConfig,o=placet", actor="anna")
    assert found.process.data == {"abroad": True, "visa": "X1"}


async def test_what_is_wrong_is_said_below_its_field(server: RunningServer, way: str):
    async with sitting(server, "anna", way) as here:
        await here.press("f4")
        names = lambda: [each.name for each in here.app.screen._found.values()]  # noqa: E731
        await here.until(lambda: "Leave request" in names())
        await here.press(*["down"] * names().index("Leave request"), "enter")
        await here.on("field-days")
        await here.type("many")
        await here.press("ctrl+s")
        await here.until(lambda: "many" in str(here.app.screen.query_one("#fault-field-days").render()))
        assert await server.engine.processes(actor="anna") == []


# -- anywhere --------------------------------------------------------------------------------------


async def test_every_page_fits_the_screen(server: RunningServer):
    await server.start(days=3)
    async with sitting(server, "ben") as here:
        for keys in (["f2"], ["enter"], ["f3"], ["f4"], ["enter"]):
            await here.press(*keys)
            await here.until(lambda: here.app.screen.size.width == 80)
            for widget in here.app.screen.children:
                assert widget.region.right <= 80, widget
                assert widget.region.bottom <= 24, widget
        await here.press("f1")
        await here.sees("Help", "F2", "the query page")


async def test_a_server_that_is_gone_is_one_sentence(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    await server.start(days=3)
    async with sitting(server, "anna", "server") as here:
        queries = here.app.sources.queries
        monkeypatch.setattr(queries._server, "_url", "http://127.0.0.1:9")
        await here.press("f5")
        await here.hears("No answer from http://127.0.0.1:9")
        await here.press("enter")
        await here.hears("is a server running there, and is --server right?")
        await here.press("escape")
        await here.sees("1 shown")
