"""The writer's queue: who asks is answered, in turn, whatever else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from placet import Engine, ManualClock
from placet.commands import AddComment, StartProcess
from placet.errors import Unavailable
from tests.builders import ANNA
from tests.store.harness import an_engine, count, load, load_trail


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    async with an_engine(database_url, clock) as engine:
        yield engine


def a_start(engine: Engine) -> StartProcess:
    return StartProcess(process_id=engine.new_id(), definition="Ask", actor=ANNA)


async def test_ten_thousand_commands_at_once_are_all_answered(engine: Engine):
    batches = engine.store.batches

    outcomes = await asyncio.gather(*(engine.as_system().handle(a_start(engine)) for _ in range(10_000)))

    assert len({outcome.process_id for outcome in outcomes}) == await count(engine, "process") == 10_000
    assert engine.store.batches - batches <= 1_000


async def test_commands_for_one_process_are_applied_in_the_order_of_their_arrival(engine: Engine):
    process_id = (await engine.as_system().handle(a_start(engine))).process_id
    texts = [f"comment {n}" for n in range(300)]  # several batches, and some that end early

    await asyncio.gather(
        *(engine.as_system().handle(AddComment(process_id=process_id, text=text, actor=None)) for text in texts)
    )

    comments, events = await load_trail(engine, process_id)
    assert [comment.text for comment in comments] == texts
    assert [event.number for event in events] == list(range(1, len(events) + 1))


async def test_a_caller_that_gives_up_harms_nobody(engine: Engine):
    callers = [asyncio.create_task(engine.as_system().handle(a_start(engine))) for _ in range(200)]
    await asyncio.sleep(0)
    for caller in callers[::2]:
        caller.cancel()

    answers = await asyncio.gather(*callers, return_exceptions=True)

    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False] * 100
    for answer in answers[1::2]:
        assert not isinstance(answer, BaseException)
        assert (await load(engine, answer.process_id)).process.item_count == 1
    assert await count(engine, "process") == 200  # what was accepted is done, also when nobody waits for it


async def test_closing_answers_everything_that_was_accepted(database_url: str, clock: ManualClock):
    async with an_engine(database_url, clock) as engine:
        accepted = [engine.store.submit(a_start(engine)) for _ in range(500)]
        accepted.append(asyncio.ensure_future(engine.store.write(lambda tx: "administered")))
        await asyncio.sleep(0)
        await engine.close()

        assert all(answer.done() for answer in accepted)
        assert accepted.pop().result() == "administered"
        started = {answer.result().process_id for answer in accepted}
        with pytest.raises(Unavailable, match="takes no more commands"):
            await engine.as_system().handle(a_start(engine))
        with pytest.raises(Unavailable, match="takes no more commands"):
            await engine.store.write(lambda tx: None)

    async with an_engine(database_url, clock) as engine:
        assert {found.process.id for found in await engine.as_system().processes(limit=1000)} == started


@pytest.mark.timeout(30)
async def test_closing_that_is_given_up_takes_no_answer_away(engine: Engine):
    callers = [asyncio.create_task(engine.as_system().handle(a_start(engine))) for _ in range(200)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(engine.store.close())
    await asyncio.sleep(0)
    closing.cancel()

    async with asyncio.timeout(30):
        outcomes = await asyncio.gather(*callers)

    assert len({outcome.process_id for outcome in outcomes}) == 200
    await engine.store.close()


async def test_callers_who_ask_again_do_not_keep_an_administrative_function_waiting(engine: Engine):
    async def ask_again() -> None:
        while not written.done():
            await engine.store.submit(a_start(engine))

    written = asyncio.create_task(engine.store.write(lambda tx: "written"))
    await asyncio.gather(written, *(ask_again() for _ in range(100)))

    assert written.result() == "written"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # on PostgreSQL others decide beside it
async def test_an_administrative_function_takes_its_turn_among_commands(engine: Engine):
    order: list[str] = []

    def submit(name: str) -> asyncio.Future[Any]:
        answer = engine.store.submit(a_start(engine))
        answer.add_done_callback(lambda _: order.append(name))
        return answer

    before = [submit("before") for _ in range(300)]
    written = asyncio.create_task(engine.store.write(lambda tx: "written"))
    written.add_done_callback(lambda _: order.append("written"))
    await asyncio.sleep(0)
    after = [submit("after") for _ in range(300)]
    await asyncio.gather(*before, written, *after)

    first, last = order.index("after"), len(order) - 1 - order[::-1].index("before")
    assert last < order.index("written") <= first + 64  # its own task hears of it one turn of the loop later


async def test_an_administrative_function_that_fails_leaves_nothing(engine: Engine):
    def fails(tx: Any) -> None:
        tx.exec_driver_sql("DELETE FROM definition")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await engine.store.write(fails)

    assert (await engine.as_system().handle(a_start(engine))).process is not None


async def test_who_listens_and_fails_leaves_nobody_without_an_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    def fails(due_at: Any, leaves_at: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engine.store, "_committed", fails)
    waiting = [engine.as_system().handle(a_start(engine)) for _ in range(10)] + [engine.store.write(lambda tx: None)]

    answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)

    assert {type(answer) for answer in answers} == {ZeroDivisionError}
