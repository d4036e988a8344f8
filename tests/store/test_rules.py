"""Rules of the engine that show only over several commands, on both databases."""

from __future__ import annotations

import pytest

from placet.errors import Conflict, InvalidInput, NotFound
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, DORA
from tests.store.harness import ASK, an_engine

ALL = """
name: All
start: ask
activities:
  ask:
    kind: approval
    settle: all
    addressees: "['anna', 'cn=Alone,ou=groups,o=placet']"
    paths: {approved: done, denied: done}
  done: {kind: finish}
"""

AGAIN = """
name: Again
start: again
activities:
  again: {kind: process, definition: Again, wait: true, paths: {approved: done, denied: done}}
  done: {kind: finish}
"""


async def item_of(engine, process_id):
    return (await engine.as_system().work_items([f"ProcessId={process_id}"]))[0].item.id


@pytest.mark.parametrize("way", ["reassigned", "escalated"])
async def test_who_had_an_item_goes_on_reading(database_url, clock, way):
    escalate = "escalate: {after: 1d, to: \"'carl'\"}, "
    async with an_engine(database_url, clock, run_jobs=True) as engine:
        await engine.as_system().deploy(ASK.replace("writes: [reason], ", escalate))
        process_id = (await engine.as_system().start("Ask", initiator=ANNA)).process.id
        with pytest.raises(NotFound):
            await engine.process(process_id, actor=CARL)

        if way == "reassigned":
            await engine.act(await item_of(engine, process_id), "reassign", actor=ADMIN, to="carl")
        else:
            clock.move(days=1)
            await engine.settled()

        for reader in (BOB, CARL):
            assert (await engine.process(process_id, actor=reader)).process.id == process_id
            assert [found.process.id for found in await engine.processes(actor=reader)] == [process_id]
        assert await engine.processes(actor=DORA) == []
        assert await engine.inbox(BOB) == []


async def test_a_group_of_whoever_has_answered_can_still_answer(database_url, clock):
    """One person has one vote as long as somebody else could give the other."""
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().deploy(ALL)
        process_id = (await engine.as_system().start("All", initiator=BOB)).process.id
        for item in await engine.inbox(ANNA):
            await engine.act(item.item.id, "approve", actor=ANNA)

        assert (await engine.as_system().process(process_id)).process.approval_status.label == "Approved"


async def test_a_definition_that_starts_itself_comes_to_an_end(database_url, clock):
    async with an_engine(database_url, clock, run_jobs=True) as engine:
        await engine.as_system().deploy(AGAIN)
        first = (await engine.as_system().start("Again", initiator=ANNA)).process.id
        await engine.settled()
        await engine.settled()

        ended = await engine.as_system().processes(limit=100)
        assert len(ended) == 21
        assert {found.process.approval_status.label for found in ended} == {"Error"}
        reasons = [comment.text for comment in await engine.as_system().comments(ended[0].process.id)]
        assert "starts itself has no end" in reasons[0]
        assert (await engine.as_system().process(first)).process.completed_at is not None


async def test_nobody_is_named_for_what_the_engine_did(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        process_id = (await engine.as_system().start("Ask", initiator=ANNA)).process.id
        item = await item_of(engine, process_id)
        with pytest.raises(InvalidInput, match="say who claims it"):
            await engine.as_system().act(item, "claim")
        await engine.as_system().comment(process_id, "first")
        await engine.as_system().act(item, "approve", comment="second")

        comments = await engine.as_system().comments(process_id)
        assert [(each.text, each.user, each.system) for each in comments] == [
            ("first", None, True),
            ("second", None, True),
        ]


async def test_a_request_of_nobody_known_cannot_be_returned(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        ghost = (await engine.as_system().start("Ask", initiator="cn=ghost,o=elsewhere")).process.id
        with pytest.raises(Conflict, match="no active user"):
            await engine.act(await item_of(engine, ghost), "return", actor=BOB)

        known = (await engine.as_system().start("Ask", initiator=ANNA)).process.id
        await engine.act(await item_of(engine, known), "return", actor=BOB)
        assert [found.item.addressee for found in await engine.inbox(ANNA)] == [ANNA]


@pytest.mark.parametrize("value", [2**70, "\ud800", float("nan")])
async def test_data_that_cannot_be_stored_is_refused_as_such(database_url, clock, value):
    async with an_engine(database_url, clock) as engine:
        with pytest.raises(InvalidInput):
            await engine.as_system().start("Ask", initiator=ANNA, data={"reason": value}, idempotency_key="one")


async def test_data_in_another_order_is_the_same_request(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().deploy(ASK.replace("data:\n", "data:\n  other: {type: string}\n"))
        one = await engine.as_system().start(
            "Ask", initiator=ANNA, data={"reason": "a", "other": "b"}, idempotency_key="k"
        )
        two = await engine.as_system().start(
            "Ask", initiator=ANNA, data={"other": "b", "reason": "a"}, idempotency_key="k"
        )
        assert one.process.id == two.process.id
        with pytest.raises(Conflict):
            await engine.as_system().start("Ask", initiator=ANNA, data={"reason": "c"}, idempotency_key="k")


async def test_self_takes_in_the_groups_one_acts_for(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().deploy(ASK.replace("\"'bob'\"", f"'{BOARD}'"))
        await engine.as_system().start("Ask", initiator=ANNA)
        members = [dn for dn in (BOB, CARL, DORA) if await engine.inbox(dn)]
        assert members
        for dn in members:
            assert len(await engine.work_items(["AssignedTo=self"], actor=dn)) == 1


async def test_what_comes_back_goes_over_the_drawn_path_once_it_is_sent_again(database_url, clock):
    """So that a condition sees what the initiator has changed."""
    async with an_engine(database_url, clock) as engine:
        await engine.as_system().deploy(ASK.replace("denied: done", "denied: done, returned: done"))
        process_id = (await engine.as_system().start("Ask", initiator=ANNA)).process.id
        await engine.act(await item_of(engine, process_id), "return", actor=BOB)
        assert (await engine.as_system().process(process_id)).process.completed_at is None

        await engine.act((await engine.inbox(ANNA))[0].item.id, "approve", actor=ANNA)
        assert (await engine.as_system().process(process_id)).process.completed_at is not None


async def test_nobody_learns_whether_what_he_may_not_see_is_there(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        there = (await engine.as_system().start("Ask", initiator=ANNA)).process.id
        missing = there[:-6] + "000000" if there[-6:-4] != "00" else there[:-6] + "010000"
        for number in ("0001", "0009"):
            told = []
            for process_id in (there, missing):
                with pytest.raises(NotFound) as refusal:
                    await engine.act(process_id[:28] + number, "approve", actor=DORA)
                told.append(refusal.value.message.replace(process_id[:28], "…"))
            assert told[0] == told[1]
        for ask in (engine.terminate, engine.pause, engine.process):
            told = []
            for process_id in (there, missing):
                with pytest.raises(NotFound) as refusal:
                    await ask(process_id, actor=DORA)
                told.append(refusal.value.message.replace(process_id, "…"))
            assert told[0] == told[1]
