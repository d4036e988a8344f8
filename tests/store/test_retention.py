"""Ended processes that are not to be kept any longer go, with all that belongs to them, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from placet import Engine, ManualClock
from placet.commands import AddComment
from placet.directory.caller import Caller
from placet.errors import NotFound
from placet.jobs.retention import Retention
from placet.settings import Settings
from placet.store import retention, start_keys
from placet.store.tables import incident, metadata, process, webhook_delivery
from placet.store.trail import END, Position
from placet.webhooks.records import Wanted
from tests.builders import ANNA, CARL
from tests.fault_server import FaultServer
from tests.store.harness import ASK, add_people, count

KEPT = ASK.replace("start: ask", "retention: 30d\nstart: ask")
FOR_EVER = ASK.replace("name: Ask", "name: For ever")
SETTINGS = Settings(secret_key="of the tests, 32 characters long", outbound_allow="127.0.0.0/8")
TABLES = [table for table in metadata.sorted_tables if "process_id" in table.c and table.name != "start_key"]


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    async with Engine(database_url, settings=SETTINGS, clock=clock) as engine:
        await engine.store.write(add_people)
        for text in (KEPT, FOR_EVER):
            await engine.as_system().deploy(text)
        yield engine


async def started(engine: Engine, name: str = "Ask") -> str:
    return (await engine.as_system().start(name, initiator=ANNA, data={"reason": "because"})).process.id


async def ended(engine: Engine, name: str = "Ask") -> str:
    """A process that was handed on, commented, approved, and has ended."""
    process_id = await started(engine, name)
    item = f"{process_id[:28]}0001"
    await engine.as_system().act(item, "reassign", to=CARL)
    await engine.as_system().act(item, "approve", actor=CARL, comment="fine")
    return process_id


async def look(engine: Engine) -> int:
    """Remove what is not to be kept, without rests in between."""
    engine._retention._rested = _no_rest  # type: ignore[method-assign]
    return await engine._retention.look()


async def _no_rest(seconds: float) -> bool:
    return False


async def ids(engine: Engine) -> set[str]:
    return {each.process.id for each in await engine.as_system().processes(limit=1000)}


async def rows(engine: Engine, process_id: str) -> dict[str, int]:
    """How many rows a process has in each table."""

    def work(tx: Any) -> dict[str, int]:
        of = {table: table.c.process_id == process_id for table in TABLES}
        return {
            table.name: tx.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
            for table, condition in of.items()
        }

    return await engine.store.read(work)


def test_every_table_that_names_a_process_is_one_of_those_that_are_cleared():
    assert set(TABLES) == set(retention.OF_A_PROCESS)


async def test_what_ended_long_enough_ago_goes_and_nothing_else(engine, clock):
    over, other, waiting = await ended(engine), await ended(engine, "For ever"), await started(engine)
    assert await look(engine) == 0
    clock.move(days=29)
    late = await ended(engine)
    clock.move(days=1)
    assert await look(engine) == 0  # to the millisecond
    clock.move(seconds=1)

    assert await look(engine) == 1
    assert await ids(engine) == {other, waiting, late}
    with pytest.raises(NotFound):
        await engine.as_system().process(over)
    clock.move(days=400)
    assert await look(engine) == 1
    assert await ids(engine) == {other, waiting}
    assert (await engine.as_system().process(waiting)).process.id == waiting


async def test_all_that_belongs_to_it_goes_with_it(engine, clock):
    over, other = await ended(engine), await ended(engine, "For ever")

    def fail(tx: Any) -> None:
        given = {"kind": "mail", "token": 0, "opened_at": clock.now(), "reason": "no", "payload": {}}
        tx.execute(insert(incident), [{"process_id": each, "number": 9} | given for each in (over, other)])

    await engine.store.write(fail)
    before = await rows(engine, over)
    assert {name for name, number in before.items() if number} == {
        "comment", "data_value", "event", "former_addressee", "incident", "work_item",
    }  # fmt: skip
    clock.move(days=31)

    assert await look(engine) == 1
    assert set((await rows(engine, over)).values()) == {0}
    assert await rows(engine, other) == before
    assert await count(engine, "process") == 1


async def test_what_the_newest_version_says_holds_for_all_versions(engine, clock):
    over = [await ended(engine), await ended(engine, "For ever")]
    await engine.as_system().deploy(KEPT.replace("30d", "5d"))
    await engine.as_system().deploy(FOR_EVER.replace("start: ask", "retention: 400d\nstart: ask"))
    over.append(await ended(engine))
    clock.move(days=6)
    assert await look(engine) == 2
    assert await ids(engine) == {over[1]}

    await engine.as_system().deploy(KEPT.replace("retention: 30d\n", "\n"))
    await engine.as_system().retire("For ever")
    kept = await ended(engine)
    clock.move(days=400)
    assert await look(engine) == 1
    assert await ids(engine) == {kept}


async def test_nothing_goes_before_the_key_of_its_start_does(engine, clock):
    await engine.as_system().deploy(KEPT.replace("30d", "1h"))
    await ended(engine)
    clock.move(hours=24)
    assert await look(engine) == 0
    clock.move(seconds=1)
    assert await look(engine) == 1


async def test_a_key_whose_process_is_not_kept_any_more_starts_another(engine, clock, monkeypatch):
    async def not_yet() -> bool:
        return False

    def start() -> Any:
        return engine.as_system().start("Ask", initiator=ANNA, data={"reason": "because"}, idempotency_key="once")

    monkeypatch.setattr(engine._scheduler, "_forget_keys", not_yet)
    monkeypatch.setattr(start_keys, "AT_ONCE", 2)
    await engine.as_system().deploy(KEPT.replace("30d", "1h"))
    for key in range(4):
        await engine.as_system().start("For ever", initiator=ANNA, data={"reason": "b"}, idempotency_key=f"{key}")
    over = (await start()).process
    await engine.as_system().act(f"{over.id[:28]}0001", "approve")
    assert (await start()).process.id == over.id
    clock.move(hours=24)
    assert await look(engine) == 0
    assert (await start()).process.id == over.id

    clock.move(seconds=1)
    assert await look(engine) == 1
    assert await count(engine, "start_key") == 0
    assert (await start()).process.id != over.id


async def test_keys_of_starts_are_forgotten_a_few_at_a_time(engine, clock, monkeypatch):
    monkeypatch.setattr(start_keys, "AT_ONCE", 2)
    for key in range(5):
        await engine.as_system().start("Ask", initiator=ANNA, data={"reason": "b"}, idempotency_key=f"{key}")
    sizes, forget = [], start_keys.forget

    def counted(tx: Any, before: Any) -> bool:
        is_more = forget(tx, before)
        sizes.append(tx.execute(select(func.count()).select_from(metadata.tables["start_key"])).scalar_one())
        return is_more

    monkeypatch.setattr(start_keys, "forget", counted)
    clock.move(hours=25)
    async with asyncio.timeout(30):
        while len(sizes) < 3:
            await engine.settled()
    assert sizes == [3, 1, 0]


async def test_what_is_still_to_be_done_for_it_keeps_it(engine, clock):
    over = await ended(engine)
    job = {"process_id": over, "number": 9, "kind": "mail", "token": 0, "timer": 0, "payload": {}, "lane": "rest"}
    jobs = metadata.tables["job"]
    await engine.store.write(lambda tx: tx.execute(insert(jobs).values(**job)))
    clock.move(days=31)
    assert await look(engine) == 0

    await engine.store.write(lambda tx: tx.execute(jobs.delete()))
    assert await look(engine) == 1


async def test_webhooks_are_told_first(engine, clock):
    async with FaultServer() as receiver:
        system = Caller(None, engine.directory, engine.clock.now())
        wanted = Wanted(name="Theirs", url=receiver.url("/status/500"), events=("process.completed",))
        await engine.webhooks.add(system, wanted, "a secret of 16 and more")
        over = await ended(engine)
        await engine.settled()
        assert (await rows(engine, over))["webhook_delivery"] == 1
        clock.move(days=31)
        await engine.settled()
        assert await look(engine) == 0  # it is on its way still

        gone = update(webhook_delivery).values(next_at=None, dead_at=clock.now())
        await engine.store.write(lambda tx: tx.execute(gone))
        assert await look(engine) == 1  # that it never arrived is known by then
        assert (await rows(engine, over))["webhook_delivery"] == 0


async def test_what_waits_for_a_webhook_that_is_not_active_stays(engine, clock):
    async with FaultServer() as receiver:
        system = Caller(None, engine.directory, engine.clock.now())
        wanted = Wanted(name="Theirs", url=receiver.url("/ok"), events=("process.completed",), active=False)
        await engine.webhooks.add(system, wanted, "a secret of 16 and more")
        over = await ended(engine)
        clock.move(days=31)
        await engine.settled()
        assert await look(engine) == 0

        await engine.webhooks.change(system, "Theirs", replace(wanted, active=True))
        await engine.settled()
        assert [asked.json["process"]["id"] for asked in receiver.requests] == [over]
        assert await look(engine) == 1


async def test_what_webhooks_have_not_looked_at_stays(engine, clock, monkeypatch):
    over = await ended(engine)
    clock.move(days=31)
    for told in (None, Position()):

        async def answer(told: Any = told) -> Any:
            return told

        monkeypatch.setattr(engine._retention, "_told", answer)
        assert await look(engine) == 0
    assert await ids(engine) == {over}


async def test_one_that_still_runs_is_never_removed(engine, clock):
    waiting = await started(engine)
    clock.move(days=400)

    assert await engine.store.write(lambda tx: retention.remove(tx, [waiting], END)) == 0
    assert await ids(engine) == {waiting}


async def test_many_go_a_few_at_a_time_and_who_else_writes_is_let_in(engine, clock, monkeypatch):
    over = [await ended(engine) for _ in range(45)]
    waiting = await started(engine)
    clock.move(days=31)
    sizes, rests, remove = [], [], retention.remove

    def counted(tx: Any, ids: Any, told: Any) -> int:
        sizes.append(len(ids))
        return remove(tx, ids, told)

    async def rested(seconds: float) -> bool:
        rests.append(seconds)
        await engine.as_system().handle(AddComment(process_id=waiting, text="let me in"))
        return False

    monkeypatch.setattr(retention, "remove", counted)
    monkeypatch.setattr(engine._retention, "_rested", rested)
    assert await engine._retention.look() == len(over)

    assert (sizes, len(rests)) == ([20, 20, 5], 3)
    assert min(rests) > 0
    assert len(await engine.as_system().comments(waiting)) == 3


async def test_pages_of_processes_that_stay_are_walked_to_the_end(engine, clock, monkeypatch):
    monkeypatch.setattr(retention, "_PAGE", 3)
    for _ in range(4):
        await started(engine)
        await ended(engine)
    clock.move(days=31)

    assert await look(engine) == 4
    assert len(await ids(engine)) == 4


async def test_lists_that_were_read_before_know_of_it(engine, clock):
    over = await ended(engine)
    read = [await engine.list_processes(actor=who, limit=10) for who in (ANNA, ANNA, "admin")]
    assert [len(each.rows) for each in read] == [1, 1, 1]
    clock.move(days=31)
    assert await look(engine) == 1

    for who in (ANNA, "admin"):
        assert (await engine.list_processes(actor=who, limit=10)).rows == []
    with pytest.raises(NotFound):
        await engine.as_system().timeline(over)


@pytest.mark.parametrize("is_turn", [True, False])
async def test_only_the_node_whose_turn_it_is_removes(engine, clock, monkeypatch, is_turn):
    await ended(engine)
    clock.move(days=31)
    monkeypatch.setattr("placet.jobs.retention._LOOK_SECONDS", 0.0)
    looked = asyncio.Event()

    def turn() -> bool:
        looked.set()
        return is_turn

    made = Retention(engine.store, engine._world, clock, 24, engine._courier.reached, turn)
    made.start()
    await looked.wait()
    while is_turn and await ids(engine):
        pass
    await made.close()

    assert len(await ids(engine)) == (0 if is_turn else 1)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_read_sees_one_state_whatever_goes_meanwhile(engine, clock):
    """Of what goes between two statements of one read it sees all or nothing; SQLite does that by itself."""
    await ended(engine)
    clock.move(days=31)
    how_many = select(func.count()).select_from(process)
    async with engine._database._readers.connect() as reader:  # type: ignore[attr-defined]  # of PostgreSQL alone
        before = (await reader.execute(how_many)).scalar()
        assert await look(engine) == 1
        assert (await reader.execute(how_many)).scalar() == before == 1
    assert await count(engine, "process") == 0
