"""Why a process waits, on both databases: what is stored says it, and nobody is told of what he may not see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from placet import Engine
from placet.core.names import user_dn
from placet.core.waiting import Coming, Progress, WaitKind
from placet.core.waiting_words import to_texts
from placet.errors import InvalidInput, NotFound
from placet.jobs.circuit import Bounds
from placet.jobs.runner import Done, TryAgain
from placet.store import standing
from placet.store.tables import data_value
from placet.store.whose import find_row
from tests.builders import ADMIN, BOB, NINE
from tests.store.harness import an_engine
from tests.store.test_dispatcher import CALL, Scripted

EVERYTHING = """
name: Everything
start: split
activities:
  split: {kind: branch, next: [ask, rest, other, call]}
  ask: {kind: approval, name: Ask, addressees: "'bob'", timeout: 1d, paths: {approved: meet, denied: meet}}
  rest: {kind: wait, name: Rest, for: 2d, next: meet}
  other:
    {kind: process, name: Other, definition: "cn=Ask,cn=RequestDefs,cn=AppConfig,o=placet", paths: {approved: meet, denied: meet}}
  call: {kind: connector, name: Call, connector: Users, paths: {success: meet}}
  meet: {kind: merge, next: done}
  done: {kind: finish}
"""  # noqa: E501
CHILD = """
name: Ask
start: ask
activities:
  ask: {kind: approval, addressees: "'eve'", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
DOWN = TryAgain(timedelta(minutes=5), "the service answered 503", {"code": 503})
FAILED = Done("fault", None, "The call failed: the service answered 400")


async def words(engine: Engine, process_id: str, actor: str = "anna") -> list[str]:
    waits = await engine.waiting(process_id, actor=actor)
    name = engine.directory.display_name
    return [text for wait in waits for text in to_texts(wait, engine.clock.now(), name)]


async def indexed(engine: Engine) -> list[str]:
    """The texts that data items can be found by."""
    return await engine.store.read(lambda tx: list(tx.execute(select(data_value.c.text_value)).scalars()))


async def test_every_point_where_a_process_stands_has_its_answer(database_url, clock):
    runners = {"call": Scripted(DOWN)}
    async with an_engine(database_url, clock, CHILD, EVERYTHING, runners=runners) as engine:
        found = await engine.start("Everything", actor="anna")
        await engine.settled()

        waits = await engine.waiting(found.process.id, actor="anna")
        by_kind = {wait.kind: wait for wait in waits}
        assert list(by_kind) == [WaitKind.ANSWER, WaitKind.TIME, WaitKind.PROCESS, WaitKind.CALL]
        assert all(wait.since == NINE for wait in waits)
        assert [(each.item.addressee, each.can_answer) for each in by_kind[WaitKind.ANSWER].asked] == [(BOB, (BOB,))]
        assert [each.at for each in by_kind[WaitKind.TIME].coming] == [NINE + timedelta(days=2)]
        child, call = by_kind[WaitKind.PROCESS], by_kind[WaitKind.CALL]
        assert (child.progress, call.progress) == (Progress.RUNNING, Progress.BETWEEN_TRIES)
        assert [(each.what, each.at) for each in call.coming] == [(Coming.TRY, NINE + timedelta(minutes=5))]
        assert [(each.code, each.error) for each in call.tries] == [("503", "the service answered 503")]
        (deeper,) = await engine.waiting(child.process or "", actor="anna")
        assert deeper.asked[0].item.addressee == user_dn("eve")


async def test_who_is_only_asked_learns_nothing_of_a_child_that_he_may_not_see(database_url, clock):
    runners = {"call": Scripted(DOWN)}
    async with an_engine(database_url, clock, CHILD, EVERYTHING, runners=runners) as engine:
        found = await engine.start("Everything", actor="anna")
        await engine.settled()

        told = {wait.kind: wait for wait in await engine.waiting(found.process.id, actor="bob")}
        assert told[WaitKind.PROCESS].progress is Progress.UNSEEN


async def test_who_may_not_see_a_process_is_not_told_why_it_waits(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        found = await engine.start("Ask", actor="anna")

        with pytest.raises(NotFound):
            await engine.waiting(found.process.id, actor="stranger")
        with pytest.raises(NotFound):
            await engine.waiting("0" * 32, actor="admin")
        with pytest.raises(InvalidInput):
            await engine.waiting(found.process.id)
        assert await engine.as_system().waiting(found.process.id)


async def test_an_ended_process_waits_for_nothing(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        found = await engine.start("Ask", actor="anna")
        await engine.terminate(found.process.id, actor="anna")

        assert await engine.waiting(found.process.id, actor="anna") == []


async def test_what_a_node_leaves_alone_is_told_until_it_tries_again(database_url, clock):
    runner = Scripted(DOWN, bounds=Bounds(1, breaker_failures=1, breaker_seconds=600))
    async with an_engine(database_url, clock, CALL.format(connector="Users"), runners={"call": runner}) as engine:
        found = await engine.start("Call", actor="anna")
        await engine.settled()

        (wait,) = await engine.waiting(found.process.id, actor="anna")
        assert (wait.progress, wait.resting_until) == (Progress.LEFT_ALONE, NINE + timedelta(minutes=10))
        (same,) = await engine.as_system().waiting(found.process.id)
        assert same == wait


async def test_what_failed_for_good_waits_for_who_may_retry_it(database_url, clock):
    runners = {"call": Scripted(FAILED)}
    async with an_engine(database_url, clock, CALL.format(connector="Users"), runners=runners) as engine:
        found = await engine.start("Call", actor="anna")
        await engine.settled()

        (wait,) = await engine.waiting(found.process.id, actor="anna")
        (incident,) = await engine.incidents(actor="admin")
        assert (wait.kind, wait.incident, wait.reason) == (WaitKind.INCIDENT, incident.incident.id, FAILED.reason)
        assert [each.people for each in wait.helps] == [(ADMIN,)]


async def test_a_stopped_process_says_who_stopped_it(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        found = await engine.start("Ask", actor="anna")
        clock.move(hours=1)
        await engine.pause(found.process.id, actor="admin")

        stopped, asked = await engine.waiting(found.process.id, actor="anna")
        assert (stopped.kind, stopped.by, stopped.since) == (WaitKind.RESUMPTION, ADMIN, NINE + timedelta(hours=1))
        assert (asked.held, asked.coming) == (True, ())


async def test_data_of_a_process_that_waits_can_be_changed(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        found = await engine.start("Ask", actor="anna", data={"reason": "old"})
        await engine.change_data(found.process.id, {"reason": "new"}, actor="admin", reason="It was a slip.")

        process = (await engine.process(found.process.id, actor="anna")).process
        assert process.data == {"reason": "new"}
        assert await indexed(engine) == ["new"]
        changed = (await engine.timeline(process.id, actor="anna"))[-1]
        assert (changed.kind, changed.actor, changed.detail) == ("process.data_changed", ADMIN, {"items": ["reason"]})
        (said,) = await engine.comments(process.id, actor="anna")
        assert (said.text, said.user) == ("It was a slip.", ADMIN)


async def test_a_process_that_moves_while_it_is_read_is_read_again(database_url, clock, monkeypatch):
    async with an_engine(database_url, clock, CHILD) as engine:
        process = (await engine.start("Ask", actor="anna")).process
        rows = []
        monkeypatch.setattr(standing, "find_row", lambda *given: rows.append(find_row(*given)) or rows[-1])
        assert await engine.waiting(process.id, actor="anna")

        await engine.act(f"{process.id[:28]}0001", "approve", actor="eve")
        stale = iter(rows[:1])
        monkeypatch.setattr(standing, "find_row", lambda *given: next(stale, None) or find_row(*given))
        assert await engine.waiting(process.id, actor="anna") == []
